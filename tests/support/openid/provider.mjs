// A certified OpenID provider (npm oidc-provider) on the loopback, over TLS. It reads one line of JSON: issuer, port,
// cert, key, clients, and accounts by the name with which somebody signs in; whatever the password.
import { createServer } from 'node:https';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const [line] = await new Promise((done) => createInterface(process.stdin).once('line', (text) => done([text])));
const { issuer, port, cert, key, clients, accounts } = JSON.parse(line);
const provider = new Provider(issuer, {
  clients,
  claims: { openid: ['sub'], profile: ['preferred_username', 'roles'], email: ['email', 'email_verified'] },
  pkce: { required: () => true },
  cookies: { keys: ['of the test'] },
  findAccount: (_, sub) => accounts[sub] && { accountId: sub, claims: () => ({ sub, ...accounts[sub] }) },
});
createServer({ cert, key }, provider.callback()).listen(port, '127.0.0.1', () => console.log('ready'));
