import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { noteResource } from '../resources.ts';
import { limits } from './limits.ts';

export const dynamoClient = (): DynamoDBClient => noteResource(new DynamoDBClient(limits));
