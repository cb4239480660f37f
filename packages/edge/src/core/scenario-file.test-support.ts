/** A command of a scenario, and what it is to print. */
export interface Block {
  readonly comment: string;
  readonly command: string;
  readonly expected: string;
}

/** Cuts a scenario file into its commands: comment lines, the command, `----`, the output, an empty line. */
export function parseScenario(text: string): Block[] {
  return text
    .split(/\n\s*\n/)
    .filter((block) => block.trim() !== '')
    .map((block) => {
      const lines = block.trim().split('\n');
      const from = lines.findIndex((line) => !line.startsWith('#'));
      const [command = '', rule = '', ...expected] = from < 0 ? [] : lines.slice(from);
      if (from >= 0 && rule !== '----') throw new Error(`${command}: a line ---- has to follow`);
      const comment = lines.slice(0, from < 0 ? undefined : from).join('\n');
      return { comment, command, expected: expected.join('\n') };
    });
}

/** Writes it again with another output. */
export function formatScenario(blocks: readonly Block[]): string {
  const text = blocks.map(({ comment, command, expected }) =>
    [comment, ...(command === '' ? [] : [command, '----', expected])].filter((line) => line !== '').join('\n'),
  );
  return `${text.join('\n\n')}\n`;
}
