import { create } from '@bufbuild/protobuf';
import { test } from 'tap';
import { AnnounceRequestSchema } from '../gen/renorm/v1/adaptation_pb.js';
import { adaptationService } from '../service.js';
import { grpcDefinition } from './grpc-definition.js';

test('the definition names each method of the contract', async (t) => {
  const definition = grpcDefinition(adaptationService);
  t.same(Object.keys(definition), ['announce', 'upload', 'watch']);
  t.equal(definition.watch.path, '/renorm.v1.AdaptationService/Watch');
  t.same(
    [definition.upload.responseStream, definition.watch.responseStream, definition.watch.requestStream],
    [false, true, false],
  );
});

test('messages survive the wire; their bytes are plain arrays', async (t) => {
  const { announce } = grpcDefinition(adaptationService);
  const sent = create(AnnounceRequestSchema, {
    device: { id: 'a', cohort: 'b', modelDigest: new Uint8Array(32).fill(7) },
  });
  const bytes = announce.requestSerialize(sent);
  t.ok(Buffer.isBuffer(bytes), 'grpc-js asks for Buffers');
  const received = announce.requestDeserialize(bytes);
  t.same(received, sent);
  t.notOk(Buffer.isBuffer(received.device?.modelDigest));
});

test('bytes that are no message are an error', async (t) => {
  const { announce } = grpcDefinition(adaptationService);
  t.throws(() => announce.requestDeserialize(Uint8Array.of(0x0a, 0xff)));
});
