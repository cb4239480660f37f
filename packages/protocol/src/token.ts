import { RenormError } from './errors.js';

/**
 * A token as it may travel in a header. What is wrong with one is said without showing it.
 *
 * @param source where it came from, for the message
 * @throws RenormError CREDENTIALS_UNREADABLE
 */
export function checkToken(token: string, source: string): string {
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return token;
  const at = [...token].findIndex((character) => !/[\x21-\x7e]/.test(character));
  const why =
    token === ''
      ? 'is empty'
      : at < 0
        ? `has ${token.length} characters`
        : `has a character at position ${at + 1} that no token has`;
  const text = `${source} ${why}; give 1 to 512 characters out of the visible ones of ASCII, as renorm keys token prints them.`;
  throw new RenormError('CREDENTIALS_UNREADABLE', text);
}
