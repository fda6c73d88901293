// Lints the OpenAPI document that its argument names with the rules of Redocly,
// all of them errors. One line for each problem; none: the document is good.
const { createConfig, lint } = require("@redocly/openapi-core");

const rules = {
  "no-invalid-media-type-examples": "error",
  "no-invalid-parameter-examples": "error",
  "no-invalid-schema-examples": "error",
  "operation-4xx-problem-details-rfc7807": "error",
  "operation-description": "error",
  "operation-singular-tag": "error",
  "operation-tag-defined": "error",
  "parameter-description": "error",
  "tag-description": "error",
};

async function main() {
  const config = await createConfig({ extends: ["recommended-strict"], rules });
  for (const p of await lint({ ref: process.argv[2], config })) {
    console.log(`${p.location[0]?.pointer ?? ""}: ${p.message} (${p.ruleId})`);
  }
}

main().catch((why) => { console.error(why); process.exitCode = 1; });
