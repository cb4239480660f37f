import type { MsgHdrs } from '@nats-io/transport-node';
import { Fields, pack } from '../fields.js';
import type { Marks, Piece } from './log-index.js';

// What messages say of themselves: what can be read without their bodies. Values travel as URI components, since a
// header is a line.

/** Of a message of the log. */
export function pieceHeaders({ first, count, source, sequence, parts }: Omit<Piece, 'seq'>): Record<string, string> {
  return {
    'Renorm-First': String(first),
    'Renorm-Count': String(count),
    'Renorm-Source': encodeURIComponent(source),
    'Renorm-Sequence': String(sequence),
    ...(parts.length > 0 && { 'Renorm-Parts': parts.join(' ') }),
  };
}

/** undefined for a message that no renorm wrote. */
export function pieceOf(headers: MsgHdrs | undefined, seq: number): Piece | undefined {
  const [first, count, sequence] = ['Renorm-First', 'Renorm-Count', 'Renorm-Sequence'].map((name) =>
    numberOf(headers, name),
  );
  const source = headers?.get('Renorm-Source');
  if (first === undefined || count === undefined || sequence === undefined) return undefined;
  // Where a log begins that came from another store.
  if (count === 0) return { ...{ seq, first, count, sequence }, source: '', parts: [] };
  if (!source) return undefined;
  const parts = headers?.get('Renorm-Parts')?.split(' ').map(Number) ?? [];
  return { ...{ seq, first, count, sequence, source: decodeURIComponent(source) }, parts: parts.filter(Number) };
}

/** A message of what a trim leaves behind; who followed the log needs its headers alone. */
export const marksMessage = ({ start, sources }: Marks) => ({
  headers: { 'Renorm-Start': String(start) },
  bytes: pack({
    start,
    sources: sources.map(([source]) => source),
    sequences: sources.map(([, sequence]) => sequence),
    positions: sources.map(([, , position]) => position),
  }),
});

/** @throws RenormError DATA_DAMAGED */
export function marksOf(bytes: Uint8Array, cohort: string): Marks {
  const record = Fields.unpack(bytes, `what was trimmed of cohort ${cohort}`);
  const [sequences, positions] = [record.counts('sequences'), record.counts('positions')];
  const sources = record.texts('sources').map((source, i) => [source, sequences[i] ?? 0, positions[i] ?? 0] as const);
  return { start: record.count('start'), sources };
}

/** A whole number, 0 or more. */
export function numberOf(headers: MsgHdrs | undefined, name: string): number | undefined {
  const text = headers?.get(name) ?? '';
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** Cohorts hold dots, which separate the tokens of a subject. */
export const tokenOf = (cohort: string): string => Buffer.from(cohort, 'utf8').toString('hex');

export const cohortOf = (token: string | undefined): string => Buffer.from(token ?? '', 'hex').toString('utf8');
