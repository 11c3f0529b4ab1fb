/** The client certificate of a destination's requests. */
import { createSecureContext } from 'node:tls';
import type { WebhookSettings } from '../../../../contract/settings.ts';
import type { ClientCertificate } from '../../http-client.ts';

export type CertificateSettings = NonNullable<WebhookSettings['tls']>;

/** OpenSSL's text has a number and names of its own functions before what it says. */
const LAST = /^(?:.*:)?([^:]+)$/s;

/** The last that was found good: it is looked at with each request. */
let known: ClientCertificate | undefined;

/** @returns undefined: it is good */
const mistakeIn = ({ cert, key }: ClientCertificate): string | undefined => {
  if (cert === known?.cert && key === known.key) return undefined;
  try {
    if (cert === '' || key === '') return 'one is empty';
    createSecureContext({ cert, key });
    known = { cert, key };
    return undefined;
  } catch (error) {
    return LAST.exec((error as Error).message)?.[1]?.trim() ?? 'it cannot be read';
  }
};

export const clientCertificate = (
  { certificate, key }: CertificateSettings,
  secrets: ReadonlyMap<string, string>,
): ClientCertificate | { readonly mistake: string } => {
  const read = {
    cert: secrets.get(certificate.secretName) ?? '',
    key: secrets.get(key.secretName) ?? '',
  };
  const mistake = mistakeIn(read);
  if (mistake === undefined) return read;
  const names = `"${certificate.secretName}" and "${key.secretName}"`;
  return { mistake: `tls: the secrets ${names} are not a certificate and its key as PEM: ${mistake}` };
};
