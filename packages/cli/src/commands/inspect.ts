import { judgeModel } from '@renorm/cloud';
import { tryModel } from '@renorm/edge/node';
import { OnnxError } from '@renorm/onnx';
import { RenormError } from '@renorm/protocol';
import { Command, Option } from 'commander';
import { type ModelFlags, modelFlags, namedSizes } from '../arguments.js';
import { modelText } from '../display/model-text.js';
import { print } from '../display/terminal.js';
import { type Inspection, verdictText } from '../display/verdict-text.js';
import { EXIT } from '../exit-codes.js';

interface InspectFlags extends ModelFlags {
  readonly role?: 'edge' | 'foundation';
  readonly json: boolean;
}

const EXIT_CODES = `
Exit codes: 0 the model is ready for the role, without --role for one of them; 5 it is not; 1 there is no model to look at.`;

/** `renorm inspect`: whether devices and a cloud take a model, by having them try, and what of it is adapted. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .argument('<model>', 'an ONNX file')
    .option('--output <name>', 'which output holds a score for each class, where that is not clear')
    .option('--sizes <list>', 'sizes of the axes that it leaves open: height=224,width=224', namedSizes)
    .addOption(
      new Option('--role <name>', 'what the exit code is about (default: either)').choices(['edge', 'foundation']),
    )
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', EXIT_CODES)
    .action((path: string, flags: InspectFlags) => inspect(path, flags));
}

async function inspect(path: string, { role, json, ...flags }: InspectFlags): Promise<void> {
  const inspection = await inspected(path, modelFlags(flags));
  const { description, ...verdict } = inspection;
  if (json)
    print(
      `${JSON.stringify({ ...description, operators: Object.fromEntries(description.operators), ...verdict }, null, 2)}\n`,
    );
  else print(`${modelText(description)}\n\n${verdictText(inspection)}\n`);
  const { edge, foundation } = verdict;
  const ready = role === undefined ? edge.ready || foundation.ready : verdict[role].ready;
  if (!ready) process.exitCode = EXIT.notReady;
}

/** What a cloud says of a model, and in the role of the edge model what a device says besides. */
async function inspected(path: string, options: ModelFlags): Promise<Inspection> {
  const verdict = await judgeModel({ ...options, model: path });
  const { edge } = verdict;
  try {
    await tryModel(path, options);
    return { ...verdict, device: {} };
  } catch (error) {
    if (!(error instanceof RenormError || error instanceof OnnxError)) throw error;
    const refusal = { code: error.code, text: error.text };
    return { ...verdict, device: { refusal }, edge: { ...edge, ready: false, refusal: edge.refusal ?? refusal } };
  }
}
