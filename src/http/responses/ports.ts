/** What the handlers of the Responses API work with. */
import type { Log } from '../../core/log.ts';
import type { Gateway } from '../../gateway/ports.ts';
import type { RequestObserver } from '../../gateway/request-record.ts';
import type { ResponseContent, Responses } from '../../gateway/responses.ts';
import type { HttpExchange } from '../http-exchange.ts';
import type { AnswerLimits } from '../ports.ts';

interface ResponsesService {
  readonly gateway: Gateway;
  readonly responses: Responses;
  readonly limits: AnswerLimits;
  readonly log: Log;
  readonly observers: readonly RequestObserver[];
}

/** One request to a route of the API. */
export interface ResponsesCall {
  readonly exchange: HttpExchange;
  readonly service: ResponsesService;
  /** Whose responses they are: the id of an API key, or `local`. */
  readonly client: string;
  /** Of the path; empty where the path has none. */
  readonly id: string;
  readonly query: Readonly<Record<string, unknown>>;
}

/** What is known of a response before it is made. */
export type NewResponse = Pick<ResponseContent, 'id' | 'input' | 'previousId'>;
