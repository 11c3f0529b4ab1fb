/** Why no answer came, in words by which an operator knows what to change, and at whose end. */

type TransportError = NodeJS.ErrnoException & { readonly errors?: readonly unknown[] };

/** Of Node's TLS and OpenSSL's verification, by the error's code. */
const BY_CODE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED:
    "the destination's certificate, or one of its chain, has expired: it has to be renewed there",
  CERT_NOT_YET_VALID: "the destination's certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "the destination's certificate is for another host than the one in url",
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "the destination's certificate is self-signed: it needs one of a public authority",
  SELF_SIGNED_CERT_IN_CHAIN:
    "the destination's certificate is of an authority that is not public: it needs one of a public authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the destination does not send the certificate of the authority in between, or its authority is not public',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'the destination does not send the certificate of the authority in between, or its authority is not public',
  CERT_REVOKED: "the destination's certificate was revoked",
};

/** Of OpenSSL's reasons, which have different codes from version to version of Node. */
const BY_REASON: readonly (readonly [RegExp, string])[] = [
  [/protocol version|unsupported protocol/, 'the destination offers no TLS version from 1.2 on'],
  [
    /wrong version number|packet length too long|http request/,
    'the destination does not speak TLS at this port: is the port, or https, wrong in url?',
  ],
  [/certificate required|bad certificate/, 'the destination asks for a client certificate; name one in tls'],
  [/handshake failure|no shared cipher/, 'the destination and Sluice have no TLS cipher in common'],
];

/** What a destination says of the certificate that it was sent. */
const OF_CLIENT = /alert.*(certificate|unknown ca)/;
export const CLIENT_CERTIFICATE = 'the client certificate of tls';
const REFUSED_CLIENT = `the destination does not accept ${CLIENT_CERTIFICATE}`;

/** OpenSSL's text has an address of memory, which changes from process to process, and a line of its source. */
const OPENSSL = /\berror:[0-9A-F]+:[^:]*:[^:]*:([^:]+):.*$/s;

/** Node reports a failed connection to several addresses by an error without a message, which lists the others. */
const listed = ({ message, errors }: TransportError): string =>
  errors === undefined ? message : errors.map(String).join('; ');

/** @param hasCertificate a client certificate was sent */
export const transportReason = (error: TransportError, hasCertificate = false): string => {
  const { code } = error;
  const reason = OPENSSL.exec(error.message)?.[1]?.trim();
  const text = reason ?? listed(error);
  const words =
    BY_CODE[code ?? ''] ??
    (reason !== undefined && hasCertificate && OF_CLIENT.test(reason) ? REFUSED_CLIENT : undefined) ??
    (reason === undefined ? undefined : BY_REASON.find(([pattern]) => pattern.test(reason))?.[1]);
  const coded = code === undefined || text.includes(code) ? text : [code, text].filter(Boolean).join(': ');
  if (words !== undefined) return `TLS: ${words} (${coded})`;
  // Some servers say nothing, and close the connection.
  if (hasCertificate && code === 'ECONNRESET') return `${coded}; perhaps ${REFUSED_CLIENT}`;
  return reason === undefined ? coded : `TLS: ${coded}`;
};
