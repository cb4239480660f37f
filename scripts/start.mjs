// `npm start`: sets the workspace up where that is still to do, then runs the demonstration (`renorm demo`).
// Everything is imported late, so that an old Node reads this file far enough to say that it is too old.
const major = Number(process.versions.node.split('.')[0]);

if (major < 20) {
  console.error(
    `renorm needs Node 20 or newer, and this is Node ${process.versions.node}. Install a newer one from https://nodejs.org.`,
  );
  process.exitCode = 1;
} else {
  import('./lib/setup.mjs')
    .then(({ setUp }) => setUp())
    .then(async (ready) => {
      if (!ready) return;
      const { run } = await import('../packages/cli/dist/index.js');
      process.exitCode = await run(['demo', ...process.argv.slice(2)]);
    });
}
