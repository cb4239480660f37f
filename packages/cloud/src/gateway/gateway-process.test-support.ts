import { Gateway } from './gateway.js';
import { nullSetup } from './null-cohorts.test-support.js';
import { TokenAuthenticator } from './token-authenticator.js';

// A gateway in a process of its own, so that a test can see from outside what memory it takes. Arguments: limits in
// JSON, the tokens' file.
const [limits = '{}', tokens] = process.argv.slice(2);
const authenticator = tokens === undefined ? undefined : new TokenAuthenticator(tokens, () => undefined);
const gateway = new Gateway(nullSetup(JSON.parse(limits) as object, authenticator && { authenticator }));
const port = await gateway.listen('127.0.0.1', 0);
process.on('message', () => process.send?.({ status: gateway.status() }));
process.send?.({ port });
