/**
 * What a peer may make the server hold. What is over one is refused with an error of its own, and costs its peer alone.
 */
export interface WireLimits {
  /** Largest message, in bytes. */
  readonly maxMessageBytes: number;
  /** Most calls of one connection that are being received or answered at a time, streams of versions not counted. */
  readonly maxCallsPerPeer: number;
  /** Most streams, of calls or of versions, that one connection may hold open. */
  readonly maxStreamsPerPeer: number;
  /** Most streams, of calls or of versions, of all connections together: about 10 kB each. */
  readonly maxStreams: number;
  /** Most bytes of requests that have come and are not answered yet: of all connections. Memory is what it protects. */
  readonly maxRequestBytes: number;
  /** The same of one connection. */
  readonly maxRequestBytesPerPeer: number;
  /** How long a request may take to come in, in milliseconds, from its headers to its last byte. */
  readonly requestMs: number;
  /** Largest headers of a call, in bytes. */
  readonly maxHeaderBytes: number;
  /** Most connections at a time: about 70 kB each. */
  readonly maxConnections: number;
  /** Most connections of one address. Devices behind one router, or behind a proxy, share theirs. */
  readonly maxConnectionsPerAddress: number;
  /** How long a new connection may take until a call of it is let in, in milliseconds. */
  readonly firstCallMs: number;
  /**
   * A connection without calls and streams is closed after so many milliseconds. A device watches, and so is not idle.
   */
  readonly maxIdleMs: number;
  /** A connection is closed after so many milliseconds, 10% more or less: devices spread anew over several clouds. */
  readonly maxConnectionAgeMs: number;
}
