import { existsSync } from 'node:fs';
import { type PrepareOptions, readParameters } from '@renorm/onnx';
import { checkOptions, exportedVersion, type OptionRules, option, RenormError } from '@renorm/protocol';
import { modelFile } from './model-file.js';
import { digestsOf, readModels } from './models/model-facts.js';
import { type CheckedCohort, checkCohort } from './store/check-cohort.js';
import { lookAtFolder } from './store/data-folder.js';
import { DATA_FORMAT } from './store/folder-facts.js';
import { openStore } from './store/open-store.js';
import type { StoredSample } from './store/records.js';

export interface CheckStateOptions extends PrepareOptions {
  readonly data: string;
  /** The edge model, a path or its bytes: with it, versions are decoded too. */
  readonly edgeModel?: string | Uint8Array;
  /** Told of every sample that is there. */
  readonly onSample?: (cohort: string, position: number, sample: StoredSample) => void;
  /** Told of every version that is kept. */
  readonly onVersion?: (cohort: string, number: number, digest: Uint8Array) => void;
}

const RULES = {
  data: option.required(option.text),
  edgeModel: option.pathOrBytes,
  output: option.text,
  sizes: option.sizes,
  onSample: option.callback,
  onVersion: option.callback,
} satisfies OptionRules<CheckStateOptions>;

/** What is in a data folder, and what is wrong with it. */
export interface StateReport {
  readonly isWhole: boolean;
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[];
  readonly format: number | undefined;
  /** Hexadecimal SHA-256 of the edge model. */
  readonly edgeModel: string | undefined;
  /** Bytes of the store that are in use. */
  readonly storeBytes: number;
  readonly cohorts: readonly CheckedCohort[];
}

/**
 * Reads all of a data folder whose cloud is stopped, and says what is whole. Repairs nothing.
 *
 * @throws RenormError REQUEST_INVALID (no such folder), DATA_IN_USE, DATA_FORMAT_NEWER, DATA_NOT_WRITABLE (nothing is written but locks);
 *   OnnxError, RenormError MODEL_UNREADABLE
 */
export async function checkState(options: CheckStateOptions): Promise<StateReport> {
  checkOptions('checkState', options, RULES);
  const { data, edgeModel, onSample, onVersion } = options;
  if (!existsSync(data))
    throw new RenormError('REQUEST_INVALID', `there is no folder ${data}; name the one of the cloud (--data).`);
  const model =
    edgeModel === undefined ? undefined : readModels(await modelFile(edgeModel, 'the edge model', options), undefined);
  const problems: string[] = [];
  const problem = (what: string): void => void problems.push(what);
  const folder = lookAtFolder(data);
  try {
    const { facts, store } = folder;
    if (facts.kind === 'absent') problem('renorm.json is missing');
    if (facts.kind === 'damaged') problem(facts.why);
    const known = facts.kind === 'facts' ? facts.facts : undefined;
    if (store.kind === 'damaged' || (store.kind === 'empty' && known?.store !== 'none')) problem(store.why);
    if (store.kind === 'absent' && known?.store !== 'none') problem('the store is missing');
    if (model && known && digestsOf(model).edgeModel !== known.edgeModel)
      problem(`the folder belongs to the edge model ${known.edgeModel}, not to ${model.edge.name}`);
    const cohorts: CheckedCohort[] = [];
    if (known !== undefined && known.format < DATA_FORMAT)
      problem(
        `it has format ${known.format}: start its cloud once, which brings it into format ${DATA_FORMAT}, then check it`,
      );
    else if (store.kind === 'whole') {
      const exported = model && exportedVersion(readParameters(model.edge));
      const opened = await openStore(data);
      try {
        for (const cohort of (await opened.cohorts()).sort())
          cohorts.push(await checkCohort(opened, cohort, problem, { exported, onSample, onVersion }));
      } finally {
        await opened.close();
      }
      if (cohorts.length === 0 && known?.store === 'used')
        problem('the store is empty, though samples were acknowledged');
    }
    return {
      ...{ isWhole: problems.length === 0, problems, cohorts },
      format: known?.format,
      edgeModel: known?.edgeModel,
      storeBytes: store.kind === 'whole' ? store.bytes : 0,
    };
  } finally {
    folder.release();
  }
}
