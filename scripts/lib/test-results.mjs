// Turns tap-parser's events into lines and counts. A test is a direct child of a file: a test() block, or an assertion
// outside of one.

/**
 * What is known of test files that share a process; fills while their parser runs.
 *
 * @param {readonly string[]} files
 */
export function describe(files, parser) {
  const name = nameOf(files);
  const tests = [];
  const failures = [];
  let end;
  parser.on('assert', (point) => tests.push(point));
  watch(parser, [], failures);
  return {
    name,
    tests,
    /** @param ending how the file as a whole ended */
    ended: (ending) => {
      end = ending;
    },
    /** A file can fail though none of its tests did: it threw outside of them, timed out or left something running. */
    failedOutside: () => end !== undefined && !end.ok && tests.every(isFine),
    lines() {
      const bad = tests.filter((point) => !isFine(point)).length;
      const mark = bad > 0 || this.failedOutside() ? 'FAIL' : 'ok  ';
      const seconds = ((end?.time ?? 0) / 1000).toFixed(1);
      const counts = `${tests.length} ${tests.length === 1 ? 'test' : 'tests'}${bad > 0 ? `, ${bad} failed` : ''}`;
      const outside = this.failedOutside() ? `      failed outside of its tests: ${ending(end)}\n` : '';
      return `${mark}  ${name}  ${counts}, ${seconds} s\n${failures.join('')}${outside}`;
    },
  };
}

/** Follows a parser into its children and keeps a text for each assertion that failed. */
function watch(parser, path, failures) {
  parser.on('child', (child) => watch(child, [...path, child.name], failures));
  parser.on('assert', (point) => {
    if (isFine(point)) return;
    // The closing point of a block repeats its failed assertions, but stands alone if the block threw or timed out.
    const repeats = failures.some((text) => text.includes(`  ${[...path, point.name].join(' > ')} > `));
    if (!repeats) failures.push(failureText([...path, point.name], point.diag));
  });
}

function failureText(path, diag) {
  const where = diag?.at?.fileName === undefined ? '' : ` (${diag.at.fileName}:${diag.at.lineNumber})`;
  const details = ['diff', 'found', 'wanted', 'message', 'expired', 'source', 'stack'].flatMap((key) => {
    const value = diag?.[key];
    if (value === undefined || (diag.diff !== undefined && (key === 'found' || key === 'wanted'))) return [];
    return [`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`];
  });
  const indented = details
    .join('\n')
    .split('\n')
    .map((line) => `        ${line}`.trimEnd());
  return `      not ok  ${path.join(' > ')}${where}\n${indented.join('\n')}\n`;
}

/** The file that a person edits, or the folder of several; a failed assertion names its file. */
function nameOf(files) {
  const [first = '', ...others] = files.map(sourceOf);
  if (others.length === 0) return first;
  const folders = first.split('/').slice(0, -1);
  while (others.some((file) => !file.startsWith(`${folders.join('/')}/`))) folders.pop();
  return `${folders.join('/')}, ${first.slice(folders.join('/').length + 1)} to ${others.at(-1)?.slice(folders.join('/').length + 1)}`;
}

const sourceOf = (file) => file.replace('/dist/', '/src/').replace(/\.js$/, '.ts');

const isFine = (point) => point.ok || point.skip || point.todo;
const ending = ({ diag }) =>
  `exit code ${diag?.exitCode ?? 'none'}, signal ${diag?.signal ?? 'none'}${diag?.expired ? ', timed out' : ''}`;

/** @param results one for each process */
export function summarise(results) {
  const tests = results.flatMap((result) => result.tests);
  const failedFiles = results
    .filter((result) => result.failedOutside() || result.tests.length === 0)
    .map(({ name }) => name);
  const failing = results.filter(
    (result) => result.tests.some((point) => !isFine(point)) || failedFiles.includes(result.name),
  );
  const text = failing.map(({ name }) => `failed: ${name}\n`).join('');
  const skipped = tests.filter((point) => point.skip || point.todo).length;
  const failed = tests.filter((point) => !isFine(point)).length;
  return {
    text: text && `${text}\n`,
    passed: tests.length - skipped - failed,
    failed: failed + failedFiles.length,
    skipped,
  };
}
