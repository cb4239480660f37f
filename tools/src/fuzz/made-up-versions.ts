import {
  type Difference,
  encodeDelta,
  encodeSnapshot,
  exportedVersion,
  joinDeltas,
  type ParameterSet,
  type ParameterVersion,
  type Version,
  type VersionState,
} from '@renorm/protocol';

/** Lengths below, at and above the blocks in which a tensor is coded. */
const LENGTHS = { 'bn/gamma': 64, 'bn/beta': 64, 'bn/mean': 300, 'bn/variance': 300, 'ln/gamma': 1, 'ln/beta': 3 };

const PUBLISHED_AT_MS = 1_700_000_000_000;

/** A small model's versions: what a device holds, and messages that lead on from there. */
export interface MadeUpVersions {
  readonly exported: VersionState;
  /** What the device holds. */
  readonly held: ParameterVersion;
  /** Deltas of `held` and snapshots: every way in which a tensor is coded. */
  readonly versions: readonly Version[];
  readonly differences: readonly Difference[];
}

/** Versions of a made-up model, the same in every process. */
export function madeUpVersions(): MadeUpVersions {
  const exported = exportedVersion(parametersAt(0, 0, 1));
  const options = { publishedAtMs: PUBLISHED_AT_MS };
  const first = encodeDelta(exported, parametersAt(1, 0.02, 1), options);
  const held = first.decoded;
  const versions: Version[] = [encodeSnapshot(held)];
  for (const step of [2 ** -24, 2 ** -14, 2 ** -9, 2 ** -5, 2 ** -2]) {
    for (const every of [1, 9, 100]) {
      const steps = Object.keys(LENGTHS).map(() => step);
      const next = encodeDelta(held, parametersAt(2, 0.05, every), { ...options, steps });
      const afterNext = encodeDelta(next.decoded, parametersAt(3, 0.03, every), { ...options, steps });
      const joined = joinDeltas(held, [next.version, afterNext.version], afterNext.decoded);
      versions.push(next.version, joined, encodeSnapshot(next.decoded));
    }
  }
  return { exported, held, versions, differences: versions.flatMap(differenceOf) };
}

function differenceOf({ content }: Version): Difference[] {
  if (content.case === 'snapshot') return [content.value];
  return content.case === 'delta' && content.value.difference !== undefined ? [content.value.difference] : [];
}

/** Values that wander off as a model adapts; only one in `every` moves. */
function parametersAt(time: number, size: number, every: number): ParameterSet {
  return new Map(
    Object.entries(LENGTHS).map(([name, length]) => [
      name,
      Float32Array.from({ length }, (_, i) => {
        const moved = i % every === 0 ? size * Math.sin(time * 12.9 + i * 78.2) : 0;
        return 1 + 0.5 * Math.cos(i) + moved;
      }),
    ]),
  );
}
