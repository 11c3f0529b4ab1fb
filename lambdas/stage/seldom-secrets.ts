/** Reads secrets, with the SDK: in a file of its own, which a stage without secrets never loads. */
import { secretReader } from '../aws/secret-reader.ts';
import { secretsClient } from '../aws/clients/secrets-manager.ts';
import type { GetSecret } from '../aws/secrets.ts';

let reader: GetSecret | undefined;

export const getSecret: GetSecret = (name) => (reader ??= secretReader(secretsClient()))(name);
