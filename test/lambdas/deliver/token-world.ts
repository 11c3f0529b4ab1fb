/** A token endpoint and its clock, for tests of OAuth 2. */
import type { OAuthSettings } from '../../../contract/settings.ts';
import { tokenSource } from '../../../lambdas/deliver/destinations/webhook/oauth.ts';
import type { HttpClient, HttpRequest, Reply } from '../../../lambdas/deliver/http-client.ts';
import { answer, NOW } from './world.ts';

const auth: OAuthSettings = {
  type: 'oauth2',
  tokenUrl: 'https://login.example/token',
  clientId: 'sluice&co',
  clientSecret: { secretName: 'crm/client' },
  clientAuth: 'header',
};

/** Its endpoint gives out `token-1`, `token-2` and so on, for an hour each. */
export const tokenWorld = (settings: Partial<OAuthSettings> = {}) => {
  const requests: HttpRequest[] = [];
  const state = {
    now: NOW,
    secret: 's3cr%t ü',
    expired: 0,
    said: (n: number): Reply | Promise<Reply> =>
      answer(200, JSON.stringify({ access_token: `token-${n}`, token_type: 'Bearer', expires_in: 3600 })),
  };
  const send: HttpClient = async (request) => state.said(requests.push(request));
  const tokens = tokenSource({
    auth: { ...auth, ...settings },
    send,
    secrets: {
      read: (names) => Promise.resolve(new Map(names.map((name) => [name, state.secret]))),
      expire: () => {
        state.expired += 1;
      },
      redact: (text) => text.replaceAll(state.secret, '[redacted]'),
    },
    clock: () => state.now,
  });
  return { tokens, requests, state };
};
