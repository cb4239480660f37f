import { type JudgeOptions, judgeModel } from '@renorm/cloud';
import { tryModel } from '@renorm/edge/node';
import { OnnxError } from '@renorm/onnx';
import { RenormError } from '@renorm/protocol';
import { preprocessingBeside } from '@renorm/protocol/node';
import { Command, Option } from 'commander';
import { fileOrObject, given, jsonObject, type ModelFlags, modelFlags, namedSizes } from '../arguments.js';
import { modelText } from '../display/model-text.js';
import { print } from '../display/terminal.js';
import { type Inspection, verdictText } from '../display/verdict-text.js';
import { EXIT } from '../exit-codes.js';

interface InspectFlags extends ModelFlags, PairFlags {
  readonly role?: 'edge' | 'foundation';
  readonly json: boolean;
}

/** What goes with the model, under the names of the library, which checks it. */
interface PairFlags {
  readonly foundationModel?: string;
  readonly foundation?: object;
  readonly preprocessing?: string | object;
  readonly labels?: string;
}

const EXIT_CODES = `
Exit codes: 0 the model is ready for the role, without --role for one of them, with --foundation-model together with it; 5 it is not; 1 there is no model to look at.`;

/** `renorm inspect`: whether devices and a cloud take a model, by having them try, and what of it is adapted. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .argument('<model>', 'an ONNX file')
    .option('--output <name>', 'which output holds a score for each class, where that is not clear')
    .option('--sizes <list>', 'sizes of the axes that it leaves open: height=224,width=224', namedSizes)
    .addOption(
      new Option('--role <name>', 'what the exit code is about (default: either)').choices(['edge', 'foundation']),
    )
    .option('--foundation-model <file>', 'does the model go together with this one, as renorm cloud would ask')
    .option('--foundation <json>', 'what that does not say of itself, as for renorm cloud', jsonObject)
    .option('--preprocessing <file>', 'as for renorm cloud', fileOrObject)
    .option('--labels <file>', 'as for renorm cloud')
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', EXIT_CODES)
    .action((path: string, flags: InspectFlags) => inspect(path, flags));
}

async function inspect(path: string, { role, json, ...flags }: InspectFlags): Promise<void> {
  const inspection = await inspected(path, flags);
  const { description, ...verdict } = inspection;
  if (json) {
    const facts = description && { ...description, operators: Object.fromEntries(description.operators) };
    print(`${JSON.stringify({ ...facts, ...verdict }, null, 2)}\n`);
  } else {
    const about = description === undefined ? '' : `${modelText(description)}\n\n`;
    print(`${about}${verdictText(inspection)}\n`);
  }
  const { edge, foundation, pair } = verdict;
  const ready = role === undefined ? (pair?.ready ?? (edge.ready || foundation.ready)) : verdict[role].ready;
  if (!ready) process.exitCode = EXIT.notReady;
}

/** What a cloud says of a model, and in the role of the edge model what a device says besides. */
async function inspected(path: string, flags: ModelFlags & PairFlags): Promise<Inspection> {
  const { foundationModel, foundation, preprocessing, labels } = flags;
  const options = modelFlags(flags);
  const pairing = given({ foundationModel, foundation, preprocessing, labels });
  // What is in them, judgeModel checks.
  const verdict = await judgeModel({ ...options, ...(pairing as Pick<JudgeOptions, keyof PairFlags>), model: path });
  const { edge } = verdict;
  const beside = await preprocessingBeside(path);
  const found = beside && { preprocessing: beside };
  try {
    await tryModel(path, options);
    return { ...verdict, ...found, device: {} };
  } catch (error) {
    if (!(error instanceof RenormError || error instanceof OnnxError)) throw error;
    const refusal = { code: error.code, text: error.text };
    return {
      ...{ ...verdict, ...found, device: { refusal } },
      edge: { ...edge, ready: false, refusal: edge.refusal ?? refusal },
    };
  }
}
