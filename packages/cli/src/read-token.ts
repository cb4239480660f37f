import { checkToken } from '@renorm/protocol';
import { readSecretFile } from '@renorm/protocol/node';

/** The token in a file. @throws RenormError CREDENTIALS_UNREADABLE, CREDENTIALS_EXPOSED; neither shows it */
export function readToken(file: string): string {
  return checkToken(readSecretFile(file, 'the token file').toString('utf8').trim(), `the token in ${file}`);
}
