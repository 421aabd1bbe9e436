/**
 * A receiver of traces for tests, on loopback: OTLP over HTTP in protobuf. Field numbers:
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

type AttributeValue = string | number | boolean | undefined | readonly AttributeValue[];

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentId: string;
  readonly name: string;
  /** 2: server, 3: client. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly isError: boolean;
  readonly resource: Readonly<Record<string, AttributeValue>>;
}

export interface OtlpReceiver {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly spans: ReceivedSpan[];
  readonly bodies: Buffer[];
  readonly headers: IncomingHttpHeaders[];
  /** The status of the answers; 200 at first. */
  status: number;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const received = {
    spans: [] as ReceivedSpan[],
    bodies: [] as Buffer[],
    headers: [] as IncomingHttpHeaders[],
    status: 200,
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    received.headers.push(request.headers);
    received.bodies.push(body);
    if (request.url === '/v1/traces' && received.status === 200) received.spans.push(...readSpans(body));
    response.writeHead(request.url === '/v1/traces' ? received.status : 404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return Object.assign(received, { url: `http://127.0.0.1:${port}` });
}

/** A field's payloads by its number: bytes, or a number for the other wire types. */
type Fields = ReadonlyMap<number, readonly (Buffer | number)[]>;

function readSpans(body: Buffer): ReceivedSpan[] {
  return messages(readFields(body), 1).flatMap((resourceSpans) => {
    const resource = messages(resourceSpans, 1).map((one) => attributesOf(one, 1))[0] ?? {};
    return messages(resourceSpans, 2)
      .flatMap((scopeSpans) => messages(scopeSpans, 2))
      .map((span) => readSpan(span, resource));
  });
}

function readSpan(span: Fields, resource: ReceivedSpan['resource']): ReceivedSpan {
  return {
    traceId: bytes(span, 1).toString('hex'),
    spanId: bytes(span, 2).toString('hex'),
    parentId: bytes(span, 4).toString('hex'),
    name: bytes(span, 5).toString(),
    kind: number(span, 6),
    startMs: number(span, 7) / 1e6,
    endMs: number(span, 8) / 1e6,
    attributes: attributesOf(span, 9),
    isError: messages(span, 15).some((status) => number(status, 3) === 2),
    resource,
  };
}

function attributesOf(message: Fields, field: number): Record<string, AttributeValue> {
  const pairs = messages(message, field).map((pair) => [bytes(pair, 1).toString(), messages(pair, 2).map(toValue)[0]]);
  return Object.fromEntries(pairs);
}

function toValue(value: Fields): AttributeValue {
  if (value.has(1)) return bytes(value, 1).toString();
  if (value.has(2)) return number(value, 2) === 1;
  if (value.has(3)) return number(value, 3);
  if (value.has(4)) return number(value, 4);
  return messages(value, 5).flatMap((list) => messages(list, 1).map(toValue));
}

/** Eight bytes are a double in field 4, the one of an attribute's value, and an integer elsewhere. */
function readFields(buffer: Buffer): Fields {
  const fields = new Map<number, (Buffer | number)[]>();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < buffer.length) {
    const tag = varint();
    const field = tag >>> 3;
    const values = fields.get(field) ?? [];
    fields.set(field, values);
    switch (tag & 7) {
      case 0:
        values.push(varint());
        break;
      case 1:
        values.push(field === 4 ? buffer.readDoubleLE(at) : Number(buffer.readBigUInt64LE(at)));
        at += 8;
        break;
      case 2: {
        const length = varint();
        values.push(buffer.subarray(at, at + length));
        at += length;
        break;
      }
      case 5:
        values.push(buffer.readUInt32LE(at));
        at += 4;
        break;
      default:
        throw new Error(`The wire type ${tag & 7} of protobuf is not expected.`);
    }
  }
  return fields;
}

function messages(fields: Fields, field: number): Fields[] {
  return (fields.get(field) ?? []).flatMap((value) => (Buffer.isBuffer(value) ? [readFields(value)] : []));
}

function bytes(fields: Fields, field: number): Buffer {
  const value = fields.get(field)?.[0];
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function number(fields: Fields, field: number): number {
  const value = fields.get(field)?.[0];
  return typeof value === 'number' ? value : 0;
}
