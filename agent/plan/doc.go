// Package plan is what all orders that write to disks begin with: an order's token
// is traded for its plan, and the disk that the plan means is found.
//
// It promises to ask for a plan until the appliance answers and never again after
// it did, and to find the one disk that has a serial and a size, or none. It opens
// nothing. Packages agent/install and agent/erase import it; it imports
// agent/appliance, agent/patience and agent/report.
package plan
