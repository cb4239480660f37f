import { compare } from '../demo/verdict.js';
import { methodOf } from '../methods/method-table.js';
import { environmentName } from '../streams/stream.js';
import type { CellResult } from './cell.js';
import type { MeasuredAgainst, MethodSummary, Standing } from './method-summary.js';
import { type Part, scoreOf } from './metrics.js';
import type { EvalRecord } from './run-eval.js';
import { type EvalVerdict, verdictOf } from './verdict.js';

/** An evaluation in numbers: plain data, the JSON that `renorm eval --json` prints. */
export interface EvalSummary {
  readonly layout: string;
  readonly notes: readonly string[];
  /** `labels`: accuracy. Else what stood in for labels: accuracies are agreement with it. */
  readonly measuredAgainst: MeasuredAgainst;
  readonly seed: number;
  readonly images: number;
  readonly unreadable: readonly string[];
  readonly streams: readonly {
    readonly kind: string;
    readonly environments: readonly string[];
    readonly methods: readonly MethodSummary[];
  }[];
  readonly refused: Readonly<Record<string, string>>;
  readonly verdict: EvalVerdict;
}

/** Sums an evaluation up. */
export function summariseEval({ plan, layout, notes, isLabelled, cells, refused }: EvalRecord): EvalSummary {
  const kinds = [...new Set(cells.map(({ kind }) => kind))];
  const streams = kinds.map((kind) => {
    const own = cells.filter((cell) => cell.kind === kind);
    const environments = [...new Set(own.flatMap((cell) => cell.environments.map(environmentName)))];
    const methods = plan.methods.filter((method) => own.some((cell) => cell.method === method));
    return { kind, environments, methods: methods.map((method) => methodSummary(method, own, environments)) };
  });
  const measuredAgainst = isLabelled
    ? 'labels'
    : plan.foundationModel === undefined
      ? 'the exported model'
      : 'the foundation model';
  return {
    ...{ layout, measuredAgainst, seed: plan.seed, images: plan.images, streams },
    notes,
    unreadable: [...new Set(cells.flatMap((cell) => cell.unreadable))],
    refused: Object.fromEntries(refused),
    verdict: verdictOf(streams[0]?.methods ?? [], measuredAgainst),
  };
}

function methodSummary(method: string, cells: readonly CellResult[], environments: readonly string[]): MethodSummary {
  const { about, paper, needs } = methodOf(method);
  const own = cells.filter((cell) => cell.method === method);
  const standing = (names: readonly string[]): Standing => standingOf(own, cells, names);
  const isMixed = environments.length > 1 && environments.includes('clean');
  return {
    ...{ method, about, paper, needs },
    clean: environments.includes('clean') ? standing(['clean']) : undefined,
    changed: standing(isMixed ? environments.filter((name) => name !== 'clean') : environments),
    environments: environments
      .map((environment) => ({ environment, ...standing([environment]) }))
      .filter(({ images }) => images > 0),
  };
}

function standingOf(own: readonly CellResult[], all: readonly CellResult[], environments: readonly string[]): Standing {
  const parts = own.map((cell) => partIn(cell, environments));
  const outcomes = { count: 0, bothRight: 0, onlyAdaptedRight: 0, onlyUnadaptedRight: 0 };
  for (const { cell, positions } of parts) {
    const source = all.find((each) => each.method === 'source' && each.stream === cell.stream);
    for (const i of positions) {
      const [adapted, unadapted] = [cell.predicted[i] === cell.label[i], source?.predicted[i] === cell.label[i]];
      outcomes.count += 1;
      if (adapted && unadapted) outcomes.bothRight += 1;
      else if (adapted) outcomes.onlyAdaptedRight += 1;
      else if (unadapted) outcomes.onlyUnadaptedRight += 1;
    }
  }
  return { ...scoreOf(parts), againstSource: compare(outcomes) };
}

/** The images of a cell that show one of some environments. */
export function partIn(cell: CellResult, environments: readonly string[]): Part {
  const wanted = cell.environments.map((environment) => environments.includes(environmentName(environment)));
  return { cell, positions: cell.environment.flatMap((environment, i) => (wanted[environment] === true ? [i] : [])) };
}
