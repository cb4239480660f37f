import { run } from './run.js';

// Who reads the output may stop reading, as `head` does: the command ends in good order, as by a signal.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!process.emit('SIGPIPE', 'SIGPIPE')) process.exit(141);
  });
}

process.exitCode = await run(process.argv.slice(2));
