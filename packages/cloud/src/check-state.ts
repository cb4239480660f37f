import { existsSync } from 'node:fs';
import { type PrepareOptions, readParameters } from '@renorm/onnx';
import { checkOptions, exportedVersion, type OptionRules, option, RenormError } from '@renorm/protocol';
import { modelFile } from './model-file.js';
import { digestsOf, type Models, readModels } from './models/model-facts.js';
import { placeOf } from './open-place.js';
import { type CheckCohortOptions, type CheckedCohort, checkCohort } from './store/check-cohort.js';
import { lookAtFolder } from './store/data-folder.js';
import { DATA_FORMAT } from './store/folder-facts.js';
import { isClusterUrl, withoutSecrets } from './store/nats/address.js';
import { lookAtCluster, openStore } from './store/open-store.js';
import type { StoredSample } from './store/records.js';
import type { Store } from './store/store.js';

export interface CheckStateOptions extends PrepareOptions {
  /** A folder whose cloud is stopped, or `store`. */
  readonly data?: string;
  /** URL of a store on NATS; its cloud may run: what changes meanwhile may look damaged. */
  readonly store?: string;
  /** The edge model, a path or its bytes: with it, versions are decoded too. */
  readonly edgeModel?: string | Uint8Array;
  /** Told of every sample that is there; again, where a cohort has gone on meanwhile and is read again. */
  readonly onSample?: (cohort: string, position: number, sample: StoredSample) => void;
  /** Told of every version that is kept. */
  readonly onVersion?: (cohort: string, number: number, digest: Uint8Array) => void;
}

const RULES = {
  data: option.text,
  store: option.text,
  edgeModel: option.pathOrBytes,
  output: option.text,
  sizes: option.sizes,
  onSample: option.callback,
  onVersion: option.callback,
} satisfies OptionRules<CheckStateOptions>;

/** What is in a data folder, and what is wrong with it. */
export interface StateReport {
  /** The folder, or the URL of the store without a password. */
  readonly place: string;
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

type Told = Pick<CheckStateOptions, 'onSample' | 'onVersion'>;
type Problem = (what: string) => void;

/**
 * Reads all of a data folder whose cloud is stopped, or of a store on NATS, and says what is whole. Repairs nothing.
 *
 * @throws RenormError REQUEST_INVALID (no such folder), DATA_IN_USE, DATA_FORMAT_NEWER, DATA_NOT_WRITABLE (nothing is
 *   written but locks), STORE_UNREACHABLE; OnnxError, RenormError MODEL_UNREADABLE
 */
export async function checkState(options: CheckStateOptions): Promise<StateReport> {
  checkOptions('checkState', options, RULES);
  const { edgeModel } = options;
  const place = placeOf(options);
  if (!isClusterUrl(place) && !existsSync(place))
    throw new RenormError('REQUEST_INVALID', `there is no folder ${place}; name the one of the cloud (--data).`);
  const model =
    edgeModel === undefined ? undefined : readModels(await modelFile(edgeModel, 'the edge model', options), undefined);
  return isClusterUrl(place) ? checkCluster(place, model, options) : checkFolder(place, model, options);
}

async function checkFolder(data: string, model: Models | undefined, told: Told): Promise<StateReport> {
  const problems: string[] = [];
  const problem: Problem = (what) => void problems.push(what);
  const folder = lookAtFolder(data);
  try {
    const { facts, store } = folder;
    if (facts.kind === 'absent') problem('renorm.json is missing');
    if (facts.kind === 'damaged') problem(facts.why);
    const known = facts.kind === 'facts' ? facts.facts : undefined;
    if (store.kind === 'damaged' || (store.kind === 'empty' && known?.store !== 'none')) problem(store.why);
    if (store.kind === 'absent' && known?.store !== 'none') problem('the store is missing');
    checkModel(model, known?.edgeModel, 'folder', problem);
    const cohorts: CheckedCohort[] = [];
    if (known !== undefined && known.format < DATA_FORMAT)
      problem(
        `it has format ${known.format}: start its cloud once, which brings it into format ${DATA_FORMAT}, then check it`,
      );
    else if (store.kind === 'whole') {
      const opened = await openStore(data);
      try {
        cohorts.push(...(await checkCohorts(opened, model, told, problem)));
      } finally {
        await opened.close();
      }
      if (cohorts.length === 0 && known?.store === 'used')
        problem('the store is empty, though samples were acknowledged');
    }
    return {
      ...{ place: data, isWhole: problems.length === 0, problems, cohorts },
      format: known?.format,
      edgeModel: known?.edgeModel,
      storeBytes: store.kind === 'whole' ? store.bytes : 0,
    };
  } finally {
    folder.release();
  }
}

async function checkCluster(url: string, model: Models | undefined, told: Told): Promise<StateReport> {
  const problems: string[] = [];
  const { store, facts, bytes } = await lookAtCluster(url);
  try {
    const { edgeModel } = facts.models;
    if (facts.seq > 0) checkModel(model, edgeModel, 'store', (what) => problems.push(what));
    const cohorts = await checkCohorts(store, model, told, (what) => problems.push(what));
    return {
      ...{ place: withoutSecrets(url), isWhole: problems.length === 0, problems, cohorts, storeBytes: bytes },
      format: facts.seq > 0 ? facts.format : undefined,
      edgeModel: facts.seq > 0 ? edgeModel : undefined,
    };
  } finally {
    await store.close();
  }
}

function checkModel(model: Models | undefined, known: string | undefined, what: string, problem: Problem): void {
  if (model && known !== undefined && digestsOf(model).edgeModel !== known)
    problem(`the ${what} belongs to the edge model ${known}, not to ${model.edge.name}`);
}

async function checkCohorts(store: Store, model: Models | undefined, told: Told, problem: Problem) {
  const exported = model && exportedVersion(readParameters(model.edge));
  const checked: CheckedCohort[] = [];
  for (const cohort of (await store.cohorts()).sort())
    checked.push(await checkUntilStill(store, cohort, problem, { ...told, exported }));
  return checked;
}

/** How often a cohort is looked at again that something was wrong with, because its cloud has gone on meanwhile. */
const LOOKS = 5;

async function checkUntilStill(store: Store, cohort: string, problem: Problem, options: CheckCohortOptions) {
  for (let look = 1; ; look++) {
    const problems: string[] = [];
    const before = (await store.head(cohort))?.revision;
    const checked = await checkCohort(store, cohort, (what) => problems.push(what), options);
    const isStill = (await store.head(cohort))?.revision === before;
    if (problems.length > 0 && !isStill && look < LOOKS) continue;
    for (const what of problems) problem(what);
    return checked;
  }
}
