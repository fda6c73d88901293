package main

import "firstlight/server/config"

// databaseFlag is where the database is, for commands that open it themselves.
type databaseFlag struct {
	Database string `env:"FIRSTLIGHT_DATABASE" placeholder:"URL" help:"PostgreSQL database, in place of what the configuration says: postgres://USER@HOST/DATABASE?passfile=FILE."`
}

// use takes it in place of what the configuration says.
func (f databaseFlag) use(c *config.Config) error {
	if f.Database == "" {
		return nil
	}
	if err := config.DatabaseURL(f.Database); err != nil {
		return usage("--database: %w", err)
	}
	c.Database = f.Database
	return nil
}
