// `npm test`: sets the workspace up where that is still to do, then runs every test. `npm test -- onnx` runs those with
// onnx in their path.
const major = Number(process.versions.node.split('.')[0]);

if (major < 20) {
  console.error(
    `renorm needs Node 20 or newer, and this is Node ${process.versions.node}. Install a newer one from https://nodejs.org.`,
  );
  process.exitCode = 1;
} else {
  import('./lib/setup.mjs').then(({ setUp }) => setUp()).then((ready) => ready && import('./run-tests.mjs'));
}
