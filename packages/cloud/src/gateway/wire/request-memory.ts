/** A request that is being received or answered. */
interface Holding {
  bytes: number;
  readonly owner: string;
  readonly connection: object;
  /** Gives the request up. */
  readonly shed: (over: 'connection' | 'all') => void;
}

/**
 * How much memory the requests may hold together that have come and are not answered yet. Bytes count when they arrive,
 * not when they are announced: who announces much and sends nothing takes nothing from others.
 *
 * Over a connection's bound the request that grew is given up. Over the bound of all, the owner that holds most gives
 * up its largest request: small uploads of many never make way for the large ones of one.
 */
export class RequestMemory {
  readonly #most: number;
  readonly #mostPerConnection: number;
  readonly #holdings = new Set<Holding>();
  readonly #byConnection = new Map<object, number>();
  readonly #byOwner = new Map<string, number>();
  #total = 0;

  constructor(most: number, mostPerConnection: number) {
    this.#most = most;
    this.#mostPerConnection = mostPerConnection;
  }

  /** Bytes held now. */
  get total(): number {
    return this.#total;
  }

  /**
   * A request begins.
   *
   * @param owner of several connections: a token, or an address
   * @param shed called, at most once, when it has to be given up; it has no bytes by then
   */
  open(owner: string, connection: object, shed: Holding['shed']): { hold(bytes: number): void; release(): void } {
    const holding: Holding = { bytes: 0, owner, connection, shed };
    this.#holdings.add(holding);
    return {
      hold: (bytes) => {
        if (!this.#holdings.has(holding)) return;
        this.#add(holding, bytes - holding.bytes);
        this.#bound(holding);
      },
      release: () => this.#drop(holding),
    };
  }

  #bound(grown: Holding): void {
    if ((this.#byConnection.get(grown.connection) ?? 0) > this.#mostPerConnection) this.#shed(grown, 'connection');
    while (this.#total > this.#most) {
      const largest = this.#largest();
      if (largest === undefined) return;
      this.#shed(largest, 'all');
    }
  }

  #largest(): Holding | undefined {
    let owner = '';
    for (const [name, bytes] of this.#byOwner) if (bytes > (this.#byOwner.get(owner) ?? 0)) owner = name;
    let largest: Holding | undefined;
    for (const holding of this.#holdings)
      if (holding.owner === owner && holding.bytes > (largest?.bytes ?? 0)) largest = holding;
    return largest;
  }

  #shed(holding: Holding, over: 'connection' | 'all'): void {
    this.#drop(holding);
    holding.shed(over);
  }

  #drop(holding: Holding): void {
    if (!this.#holdings.delete(holding)) return;
    this.#add(holding, -holding.bytes);
  }

  #add(holding: Holding, bytes: number): void {
    holding.bytes += bytes;
    this.#total += bytes;
    count(this.#byConnection, holding.connection, bytes);
    count(this.#byOwner, holding.owner, bytes);
  }
}

function count<Key>(counts: Map<Key, number>, key: Key, more: number): void {
  const sum = (counts.get(key) ?? 0) + more;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
