/** `auth` of a webhook: OAuth 2 by client credentials. */
import * as v from 'valibot';
import { got, httpUrl, onlySecret, secret, text } from '../values.ts';

export const auth = v.strictObject({
  type: v.literal(
    'oauth2',
    got('is not a kind of auth; use "oauth2", or headers.authorization for a fixed value'),
  ),
  /** Where tokens are asked for, by POST. Redirects are not followed. */
  tokenUrl: httpUrl('https://login.example.com/oauth/token', 'put them in clientId and clientSecret'),
  clientId: v.union(
    [v.pipe(v.string(), v.nonEmpty("is empty; expected the client's id")), secret],
    'expected the client\'s id: a string, or { secretName: "..." }',
  ),
  clientSecret: onlySecret,
  /**
   * Where the token endpoint expects the client's id and secret: `'header'`, as HTTP's basic authentication, or `'body'`, as fields of the
   * form. Default: `'header'`.
   */
  clientAuth: v.optional(
    v.picklist(['header', 'body'], got('is not a choice; use "header" or "body"')),
    'header',
  ),
  /** With white space between several. Default: none is asked for. */
  scope: v.optional(text('a scope')),
  /** Of the token, for endpoints that ask for it, such as Auth0's. Default: none. */
  audience: v.optional(text('an audience')),
});
