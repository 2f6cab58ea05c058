//! Tests of what a config says of jobs and forges.
