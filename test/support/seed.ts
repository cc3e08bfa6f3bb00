import fc from "fast-check";

// Property tests are random on your machine, so each run tries new cases. CI always tries the same
// ones, because a rare case that fails there has nothing to do with the change under test.
if (process.env["CI"] === "true") fc.configureGlobal({ seed: 1 });
