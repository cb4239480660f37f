/** Cohorts are shared out in so many parts, by their names: more trainers than that have nothing to do. */
export const SHARES = 64;

/** What a trainer knows of who trains what. */
export interface Known {
  readonly me: string;
  /** Trainers that were heard of lately, this one among them. */
  readonly alive: ReadonlySet<string>;
  /** Who took which share last; one that nobody took is missing. */
  readonly owners: ReadonlyMap<number, string>;
}

/** What a trainer is to do about it. */
export interface Moves {
  /** Shares that nobody alive has. */
  readonly take: readonly number[];
  /** Shares that are too many: another trainer has fewer. */
  readonly give: readonly number[];
}

/** Shares are even: nobody takes more than that, and who has more gives. Every trainer decides by itself; who takes first has it. */
export function shareOut({ me, alive, owners }: Known): Moves {
  const fair = Math.ceil(SHARES / Math.max(1, alive.size));
  const shares = Array.from({ length: SHARES }, (_, share) => share);
  const mine = shares.filter((share) => owners.get(share) === me);
  const free = shares.filter((share) => !alive.has(owners.get(share) ?? ''));
  // Each begins elsewhere, so that those who take at the same time seldom want the same.
  const from = hashOf(me) % SHARES;
  const rotated = free.map((share) => (share - from + SHARES) % SHARES).sort((a, b) => a - b);
  const take = rotated.map((turned) => (turned + from) % SHARES).slice(0, Math.max(0, fair - mine.length));
  return { take, give: mine.slice(fair) };
}

/** The share that a cohort belongs to. */
export const shareOf = (cohort: string): number => hashOf(cohort) % SHARES;

/** FNV-1a, 32 bits: the same for every trainer of every release. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
