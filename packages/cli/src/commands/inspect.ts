import type { ModelDescription } from '@renorm/onnx';
import { Command } from 'commander';
import { modelText } from '../display/model-text.js';
import { print } from '../display/terminal.js';
import { describeFile } from '../model-file.js';

/** `renorm inspect`: whether a model can be adapted, and what of it. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .argument('<model>', 'an ONNX file')
    .option('--json', 'print one JSON object', false)
    .action(async (path: string, { json }: { readonly json: boolean }) => {
      const description = await describeFile(path);
      print(json ? `${JSON.stringify(toJson(description), null, 2)}\n` : `${modelText(description)}\n`);
    });
}

function toJson(description: ModelDescription): object {
  return { ...description, operators: Object.fromEntries(description.operators) };
}
