// Made by scripts/sentences.mjs from docs/protocol.md.

/** The numbered sentences of the specification. */
export const SENTENCES: Readonly<Record<string, string>> = {
  'C-1':
    'Both speak gRPC over HTTP/2: the service `renorm.v1.AdaptationService` with the methods `Announce` and `Upload` (unary) and `Watch` (server streaming). Paths are `/renorm.v1.AdaptationService/Announce` and so on, the content type is `application/grpc` or `application/grpc+proto`.',
  'C-2':
    'A peer MUST send messages without gRPC compression (compressed flag 0). A peer MAY refuse a compressed message; one that takes it MUST bound its size after decompression as L-1 says.',
  'C-3':
    'A receiver MUST ignore fields and enumeration values that it does not know, unless a sentence below makes the value a requirement.',
  'C-4':
    'With TLS, peers MUST use TLS 1.2 or newer with ALPN `h2`, and the device MUST check the certificate and the host name of the cloud against the authority that it was given. Without TLS they speak HTTP/2 with prior knowledge: for demonstrations on one machine.',
  'C-5': 'With mutual TLS the cloud MUST end the handshake with a device that shows no certificate of the authority.',
  'C-6':
    'A device that was given a token MUST send it with every call as the metadata `authorization: Bearer TOKEN`; a token is 1 to 512 characters of 0x21 to 0x7E.',
  'C-7':
    'A cloud that asks for tokens MUST refuse a call without one, or with one that it does not know, with UNAUTHENTICATED.',
  'C-8':
    'A token belongs to one or more cohorts. A cloud that asks for tokens MUST refuse a call whose `device.cohort` is another with PERMISSION_DENIED.',
  'C-9':
    'Any call MAY end at any time with any status. A device whose call failed in a way that these sentences give no other meaning, or whose stream ended, whatever the status, 0 included, MUST begin again with `Announce`.',
  'C-10':
    'A device MUST wait between attempts, longer after each failure in a row, up to 30 s. The first wait MUST be at most 2 s. It SHOULD be drawn at random. A new version that was taken, or a stream that stayed open for 60 s, MUST end the row.',
  'C-11':
    'A device MUST set a deadline for `Announce` and `Upload` (20 s is usual) and begin again when it passes. `Watch` has no deadline.',
  'C-12':
    'A cancelled call, or one whose deadline passed, MUST leave other calls and later calls unharmed. Whether the cloud carried it out is open.',
  'C-13':
    'The calls of a device MAY come over any number of connections, in any number at a time within L-5; each is served by itself.',
  'C-14':
    'A cloud that asks for tokens MUST refuse a call without one, or with one that it does not know, from its headers alone: it MUST NOT wait for the request, which may never come.',
  'C-15':
    'When a token, or a cohort of a token, is taken away, the cloud MUST end the streams that were opened with it, with UNAUTHENTICATED or PERMISSION_DENIED. Ours does so within a second.',
  'C-16':
    'A cloud that speaks TLS SHOULD answer calls that come without it with TLS_MISMATCH, and MUST NOT carry them out.',
  'C-17':
    'A cloud MAY take gRPC-Web as well (PROTOCOL-WEB.md of the gRPC project), over HTTP/1.1 and HTTP/2, under the content type `application/grpc-web` or `application/grpc-web+proto`: the same paths, requests and messages; what gRPC sends as trailers ends the body, in a frame with the flag 0x80. Every sentence on calls holds for it, but for the ALPN of C-4, which may be `http/1.1`. `application/grpc-web-text` need not be taken.',
  'C-18':
    'A cloud that takes gRPC-Web MUST refuse calls, and questions whether one may be sent (CORS preflights), whose header `origin` names a page that it was not told to serve, with the HTTP status 403, before it looks at anything else of the call. To a page that it serves it MUST name its origin in `access-control-allow-origin`.',
  'A-1':
    '`device.id` and `device.cohort` MUST match `[A-Za-z0-9._-]{1,128}`. The cloud MUST refuse others, and a request without `device`, with REQUEST_INVALID; in all three methods.',
  'A-2':
    '`device.model_digest` MUST be the digest of the bytes of the ONNX file. The cloud MUST refuse another length than 32 with REQUEST_INVALID.',
  'A-3':
    '`running` MUST be there, with a `digest` of 32 bytes and a `number` of at most 2^53 - 1; in `Announce` and `Watch`. The cloud MUST refuse others with REQUEST_INVALID.',
  'A-4': 'The cloud MUST refuse a model that it does not adapt with MODEL_UNKNOWN; in all three methods.',
  'A-5':
    '`latest` in the answer MUST be the newest version of the cohort: of one without any, number 0 with the digest of the exported parameters (V-3).',
  'A-6': '`max_samples_per_upload` MUST be at least 1, and `budget_left` in 0 to 1.',
  'A-7':
    '`roots` MUST hold the successors of `root_version`: versions `root_version + 1`, `+ 2`, … in order without a gap, at most 64; none if `root_version` is 0.',
  'A-8':
    'A device MUST announce itself before the first `Watch` and before the first `Upload`, and again whenever it begins again (C-9).',
  'A-9':
    'A device MUST name as `running`, in `Announce` and `Watch`, the version that it **holds**: the one that the next delta is added to. This is how the cloud, and the conformance suite, sees which versions it took (W-7, W-8).',
  'A-10':
    'A device without anything of an earlier run holds version 0: number 0 with the digest of the exported parameters (V-3).',
  'A-11':
    '`root_version` MUST be the version of the newest root that the device trusts (T-14), 0 if it was started without one.',
  'A-12':
    'A device MUST NOT use an answer that breaks A-5 (a digest of 32 bytes), A-6 or A-7 (at most 64): it begins again (C-9).',
  'A-13':
    'Announcing MUST change nothing: it MAY be repeated at any time, by any number of devices with the same names.',
  'A-14':
    'A device SHOULD name in `model` what it takes its file for: the value with the scores, the shape of a sample, the number of classes. The cloud MUST refuse one that takes it for something else than the cloud does with MODEL_MISMATCH, and MUST NOT ask for `model`.',
  'U-1':
    '`session` is 16 bytes, drawn at random whenever a device starts without the sequence counter of its last run. The cloud MUST refuse another length with REQUEST_INVALID.',
  'U-2':
    'An upload MUST hold 1 to `max_samples_per_upload` samples. The cloud MUST refuse others with REQUEST_INVALID.',
  'U-3':
    '`sequence` counts from 1 within a session. In an upload it MUST rise strictly, and be at most 2^53 - 1. The cloud MUST refuse an upload in which it does not (reordered, repeated, 0) with REQUEST_INVALID.',
  'U-4': 'Sequences MAY leave gaps, in an upload and between uploads.',
  'U-5':
    "A sample MUST be one of the [encodings](#samples) in the shape of the model's input without its batch axis, its `entropy` finite and not negative. The cloud MUST refuse an upload with another with SAMPLE_INVALID.",
  'U-6':
    '`version` of a sample is the number of the version that made the prediction, at most 2^53 - 1. The cloud MUST refuse a larger one with REQUEST_INVALID.',
  'U-7':
    'When the cloud answers, every new sample of the upload MUST be on disk. `acknowledged_sequence` MUST be the highest sequence of this session that is.',
  'U-8':
    'A sample is known by cohort, device id, session and sequence. The cloud MUST NOT keep a sample whose sequence is not above the highest one that it holds of the session; `duplicates` counts those. An upload that is sent again is thus answered with the same `acknowledged_sequence`.',
  'U-9': 'A refused upload MUST leave nothing on disk: all of its samples, or none.',
  'U-10':
    'Sessions MUST NOT touch each other: the same sequences in another session, of another device or in another cohort, are other samples.',
  'U-11':
    '`budget_left` MUST be in 0 to 1. After an answer with 0 the cloud MAY refuse uploads of the device with BUDGET_EXHAUSTED until it has trained.',
  'U-12':
    'A device MUST keep a sample until it is acknowledged, and after a failure send it again under the same session and sequence. It MAY drop samples that it cannot keep, and SHOULD drop the oldest.',
  'U-13':
    'A device MUST have at most one upload of a session in flight, and send sequences in rising order over all its uploads, repetitions aside.',
  'U-14': 'A device MUST NOT send more samples in an upload than the last `Announce` allowed.',
  'U-15':
    'After BUDGET_EXHAUSTED, or a `budget_left` of 0, a device MUST NOT upload until an `Announce` tells of a budget above 0. It SHOULD ask when the cloud said in the trailer `grpc-retry-pushback-ms` (whole milliseconds, of which it need not wait more than an hour), else every 30 s.',
  'U-16':
    'After REQUEST_INVALID, SAMPLE_INVALID or SAMPLE_OUT_OF_RANGE (values far from what the model was trained on) a device MUST NOT send the same batch for ever: it SHOULD send smaller ones, and drop a sample that is refused alone.',
  'U-17':
    'A device MUST take samples with a sequence of at most `acknowledged_sequence` for done, and send the others of the upload again.',
  'U-18': 'Failed uploads, whatever the reason, MUST NOT keep a device from taking versions.',
  'U-19':
    'A sample MAY say in `selection` why the device sends it: `policy` and `reason` MUST match `[A-Za-z0-9._-]{1,32}`, and `score`, which MAY be missing, MUST be finite. The cloud MUST refuse an upload with another with SAMPLE_INVALID, take a sample without it, and MAY ignore what it says.',
  'U-20':
    "The budget is the cohort's, and a cloud shares it among the cohort's devices: `budget_left` speaks for the device that asks. A cloud SHOULD keep room for the next attempt of a device that it refused, for 90 s, so that who asks every 30 s is not passed by who asks more often.",
  'U-21':
    'A sample with the encoding `SKETCH` is no sample: `data` is a `Sketch`, serialized, and `shape` is empty. Sequence, order, acknowledgement, budget and repetition are those of a sample. A cloud that learns nothing from sketches MUST refuse an upload with one with SKETCH_NOT_TAKEN; a device treats that as U-16 says.',
  'W-1':
    'The cloud MUST send what leads from `running` to the newest version of the cohort, and nothing if `running` is the newest, in number and digest, but for T-19.',
  'W-2':
    'It MUST send later versions on the same stream as they are published. It MUST NOT end the stream with success while it goes on serving.',
  'W-3':
    'Each version on a stream MUST be a delta whose parent (V-6) is the version before it on this stream, `running` for the first, or a snapshot.',
  'W-4': 'To a device whose `running` it does not know, in number or digest, the cloud MUST send a snapshot.',
  'W-5':
    'Numbers on a stream MUST rise, unless a rollback comes along (T-12). They MAY leave gaps: a device that missed versions gets one delta or snapshot.',
  'W-6':
    'The cloud MUST NOT queue without bound for a slow reader: while the flow control of HTTP/2 holds a stream back, it publishes past it, and sends what leads to the newest version once the stream moves again. One slow reader MUST NOT delay others.',
  'W-7':
    'A device MUST take the messages of a stream in order, each one before the next, and all that came before the stream ended before it announces itself again. A version that it **took** is one that it decoded, checked and now holds (A-9).',
  'W-8':
    'A device that **refuses** a message MUST cancel the stream and begin again (C-9). It then holds the version that it held before, or version 0 with the digest of the exported parameters, from which it decodes anew; never what it refused.',
  'W-9':
    'A version that has the number and the digest of the one held MUST be taken without being decoded: nothing changes.',
  'W-10': 'A device MUST refuse a message without a version.',
  'W-11':
    'A device MUST NOT follow a stream without end: after at most 64 messages in a row that bring nothing new (W-9, nor a later `expires_at_ms`) it refuses the next one.',
  'W-12':
    'A stream that is cancelled or lost MUST leave the other streams of the cohort as they are. A device MAY watch twice.',
  'W-13':
    'Whatever a device refuses, it MUST go on predicting with the version that it had, and take a good version afterwards.',
  'W-14': 'A device MUST take a version that skips numbers.',
  'V-1':
    "The parameters of a model are those of every normalization layer, in the order of the graph's nodes: for each layer gamma (scale), beta (bias) and, where it has them, running mean and running variance. All as float32, concatenated.",
  'V-2':
    'The digest of a version is SHA-256 over the concatenated parameters as little-endian float32, 4 bytes each, without padding or lengths.',
  'V-3': 'Version 0 is the model as exported; its digest is that of the exported parameters.',
  'V-4': 'Versions of a cohort count up from 1. The cloud MUST NOT give a number twice to different digests.',
  'V-5':
    '`digest` MUST be the digest of the parameters that come out of decoding. A device MUST refuse a version that decodes to another.',
  'V-6':
    'A delta applies to exactly the `parent` that it names. A device MUST refuse one whose parent is not the version that it holds, in number and digest.',
  'V-7': 'A device MUST refuse a version that decodes to a NaN or an infinity.',
  'V-8':
    'A device MUST refuse a version without content, with an encoding that it does not know, with damaged data, or with another number of elements than its model has.',
  'V-9':
    '`published_at_ms` MUST be at most 2^53 - 1, and `number` below 2^53 - 2^32: whoever published the largest number would leave none to count on with. A device MUST refuse others.',
  'V-10': 'A device MUST NOT allocate by what a version says of its size: the model says how many elements there are.',
  'V-11': 'Decoding MUST give the same bits everywhere: no sentence below leaves a rounding open.',
  'D-1':
    'Each entry of V-1 is a **tensor** of n values; its **kind** is 0 for gamma, 1 for beta, 2 for the running mean, 3 for the running variance.',
  'D-2':
    "With m the largest magnitude of the tensor's exported values as float32, the **unit** of the tensor is 2^(e - 30), where e is floor(log2(m)), and 0 if all values are 0.",
  'D-3':
    'Each value has an **offset**, a whole number. In version 0 all are 0. The value is `float32(exported + offset * unit)`, computed in binary64 and rounded once, to nearest, ties to even.',
  'D-4':
    'A snapshot is the difference from version 0, a delta the difference from its parent: whole numbers, one per value, that are added to the offsets.',
  'D-5': 'A device MUST refuse a version with an offset of a magnitude of 2^52 or more.',
  'D-6': '`Difference.count` MUST be the number of values of the model; a device MUST refuse another.',
  'D-7':
    'The **state** x is a number from 2^20 up to, and without, 2^28. The first four bytes of `data`, the most significant first, are the state at the beginning. A device MUST refuse another beginning, and fewer than four bytes.',
  'D-8':
    'To read a bit whose probability of being 0 is z / 4096: let s = x mod 4096 and r = x / 4096. If s < z the bit is 0 and x becomes z * r + s, else it is 1 and x becomes (4096 - z) * r + s - z. Then, while x < 2^20, x becomes 256 * x + the next byte.',
  'D-9':
    'Bits are read in a **context**, or **evenly** with z = 2048. Each context has a p, 32768 at first, and a count c, 0 at first; z is p / 16. After a 0 p becomes p + (65535 - p) / (c + 2), after a 1 p - p / (c + 2). Then c grows by 1, to 30 at most.',
  'D-10':
    'After the last tensor the state MUST be 2^20 and all bytes be read. A device MUST refuse data that ends early, or does not end so.',
  'D-11':
    "Every kind has 180 contexts of its own, all fresh at the beginning of `data`: 0 to 15 for the method, 16 to 18 for whether a value is 0, 19 for the sign of a change of scale, and 32 for a number each: from 20 for a change of scale, from 52 for a block's scale, from 84 for a magnitude, from 116 for a count, from 148 for a gap.",
  'D-12':
    'A **number** of at most w bits, with contexts from b: its length l is read in unary: bits in the contexts b, b + 1, … (b + 15 from the 16th on), each 1 adds one to l, a 0 or l = w ends it. With l of 0 or 1 the number is l. Else its leading bit is 1, the next one is read in the context b + 16 + min(l, 15), and the remaining l - 2 evenly, the most significant first.',
  'D-13':
    'A **signed value** of at most w bits: an even bit (1: negative), then the magnitude less one as a number of w bits with the contexts from 84.',
  'D-14':
    'First its **method**: with i = 1, four times: a bit in the context i, and i becomes 2 * i + the bit; the method is i - 16. A device MUST refuse methods above 10. 0 is **unchanged**: the difference is 0, and nothing follows.',
  'D-15':
    'Else its **scale** follows: the change since the last scale that was read for this kind, a number of 7 bits with the contexts from 20, and if it is not 0 a bit in context 19 (1: downwards). The scale is a power of two: the exponent of the unit (D-2) plus a **shift**. For the first tensor of a kind with a scale the change is from the exponent of its unit plus 16. A device MUST refuse a shift below 0 or above 52. A **step** is 2^shift units.',
  'D-16': '1 is **dense**: a run (D-18) over all values with signed values of 52 bits.',
  'D-17':
    '2 to 8 are **quantised** with so many bits: the tensor is cut into blocks of 32 values, the last may be shorter. If it has more than 32 values each block begins with its scale, a number of 3 bits with the contexts from 52: its steps are 2^that times as long. Then comes a run over the block with signed values of bits - 2 bits.',
  'D-18':
    'A **run**: for each value a bit in the context 16 + how many of the two values before it in the tensor are not 0 (those before the first count as 0). 0: the difference is 0. 1: a signed value follows, the difference in steps.',
  'D-19':
    '9 is **ternary**, 10 is **top-k**: the count of values that are not 0, a number of 32 bits with the contexts from 116; for each of them the number of zeros since the one before it (or the beginning), a number of 32 bits with the contexts from 148, then a signed value of 0 bits (ternary) or 6 bits (top-k). The others are 0. A device MUST refuse a place behind the end of the tensor.',
  'D-20':
    "Which method, scale and steps to write is the encoder's choice. The parameters that come out of decoding, not those that were trained, are the version (V-5): the next delta starts from them, so that no error adds up.",
  'S-1': "`shape` MUST be that of the model's input without the batch axis.",
  'S-2':
    '`data` is raw DEFLATE of the elements in row-major order. With `UINT8` an element is one byte k, its value `float32(k / 255)`, the quotient rounded once from the exact one or from binary64; with `FLOAT32` it is the four bytes of a binary32. With `FLOAT16` the low bytes of all binary16 elements come first, then the high bytes. With `UINT8_CHANNELS` a **channel** is an index of the first axis (a shape of one axis is one channel): first, for each channel, `step` and `offset` as binary32, then one byte k per element, its value `float32(offset + k * step)`, computed in binary64 and rounded once. With these two an encoder MAY take the bytes of the elements as differences, modulo 256, to what `row_filter` names: the byte `WEST` of it, `NORTH` of it, or `PAETH` (as in PNG: of west, north and north-west the nearest to `west + north - north-west`, the first of equals), in the plane of the last two axes, 0 outside of it.',
  'S-3':
    'The cloud MUST refuse `data` that is damaged, truncated, or inflates to fewer or more bytes than the shape has, without holding more than those, and values that are not finite, with SAMPLE_INVALID.',
  'S-4':
    'The cloud MUST refuse an encoding that it does not know, `UNSPECIFIED` included, a row filter that it does not know, and one with `FLOAT16` or `FLOAT32`, with SAMPLE_INVALID.',
  'S-5': 'The cloud MUST refuse more compressed bytes than `n + floor(n / 256) + 64` for n decompressed ones.',
  'S-6':
    "An encoder chooses. Ours sends pixels (every value exactly `float32(k / 255)`) as `UINT8`, without loss; what lies on at most 256 levels per channel, as a normalized image does, as `UINT8_CHANNELS`, back within 2^-7 of a level; anything else as `FLOAT16`, back within 2^-11 of a value's magnitude or 2^-25 if that is more, where no magnitude reaches 65,520; else as `FLOAT32`.",
  'S-16':
    '`moments` is raw DEFLATE of, for each BatchNormalization in graph order, the mean of its input in each channel, then the standard deviation (biased) in each channel, as `encoding` says (`FLOAT16`, `FLOAT32`: as S-2). They are measured in one pass over the images, in which every BatchNormalization normalises by them.',
  'S-17':
    '`served` are the predictions of the version that `Sample.version` names, `batch` those of the pass that measured: the mean entropy in nats, and how many images were put into each class.',
  'S-18':
    'The cloud MUST refuse with SAMPLE_INVALID a sketch of fewer than 2 or more than 65,536 images, with moments that are damaged, of another number, not finite, or a deviation below 0, an entropy that is not in 0 to ln(classes), or predictions of another number of classes or images.',
  'S-7':
    'With `IMAGE`, `data` is a JPEG, PNG or WebP file as it is, and `preprocessing` says how it becomes the tensor. A cloud MUST take all three, up to 16,384 pixels a side and 2^24 in all (twice those of a 4K frame).',
  'S-8':
    'An image decodes to 8-bit RGB: turned as its EXIF orientation says; grey as R = G = B; transparency dropped, not blended; colour profiles not applied; JPEG as libjpeg-turbo by default (the accurate inverse transform, chroma interpolated); of an animation the first picture.',
  'S-9':
    'For a model of one channel a pixel is `(19595 R + 38470 G + 7471 B + 32768) >> 16`, before anything is resized.',
  'S-10':
    "`FIT_STRETCH` resizes to the model's width and height. `FIT_CROP` resizes the shorter side to `shorter_side` (at least both sides of the model's, at most 65,535) and the longer one to `floor(shorter_side * longer / shorter)`; then it cuts out the model's size, beginning at half of what is left over on each axis, a half rounded to even. With `FIT_NONE` the image MUST have the model's size.",
  'S-11':
    "A resize goes along the rows, then along the columns, rounding to 8 bits after each. For an axis of n pixels that becomes m: `scale = n / m`, `w = max(scale, 1)`, `r = w` (bilinear) or `2 w` (bicubic); pixel i has its centre at `c = (i + 0.5) scale` and is made of the pixels k from `max(0, trunc(c - r + 0.5))` up to and without `min(n, trunc(c + r + 0.5))`, with weights `f((k - c + 0.5) / w)` divided by their sum, times 2^22, rounded with halves away from 0. It is `floor((2^21 + sum of weight * pixel) / 2^22)`, at least 0 and at most 255. `f` is `max(0, 1 - |x|)`, or Keys' cubic with a = -0.5. Pillow does the same: `image.resize((width, image.height)).resize((width, height))`. (In one call Pillow 13 takes the columns of some tall images first; of such photographs pixels differ by 1, of noise stretched out of shape by up to 14.)",
  'S-12':
    'The value of a pixel p is `float32(p / 255)`; with `mean` and `std` it is `float32(float32(float32(p / 255) - mean) / std)`. Both have a number for each channel, or none; means are at most 2^32 in magnitude, stds at least 2^-32 and at most 2^32.',
  'S-13':
    'The cloud MUST train on the tensor that S-8 to S-12 describe: without mean and std to the bit, else within 2^-21 of the largest magnitude. A device that decodes otherwise than S-8 asks SHOULD send pixels.',
  'S-14':
    'The cloud MUST refuse an image that is damaged, truncated, no JPEG, PNG or WebP, CMYK, deeper than 8 bits, or too large, and a `preprocessing` that is missing or that S-10 and S-12 do not allow or that names a fit or filter that it does not know, with SAMPLE_INVALID.',
  'S-15': 'It MUST refuse images with SAMPLE_INVALID if its model does not take [1 or 3, height, width].',
  'T-1':
    'A signature is Ed25519 (RFC 8032, pure) over: the full name of the message in ASCII (`renorm.v1.Version`, `renorm.v1.RootMetadata`, `renorm.v1.Rollback`), one byte 0, and the bytes of `SignedMessage.message` exactly as they travel. A receiver MUST check signatures before it parses `message`, and parse these very bytes.',
  'T-2':
    '`key_id` is SHA-256 of the 32 bytes of the public key. A message is signed for a role if at least `threshold` keys of the role have a right signature. Signatures by other keys are passed over; of several with the same `key_id` the first counts, once.',
  'T-3': 'A device with a root MUST refuse a version without `signed_version` (SIGNATURE_MISSING).',
  'T-4':
    'It MUST refuse a version that is not signed for the signing role (SIGNATURE_INVALID, KEY_UNKNOWN): a changed message, a changed signature, a signature over another name, a key that the root does not name; and a message with more than 16 signatures.',
  'T-5': 'It MUST refuse a version at or after its `expires_at_ms` (VERSION_EXPIRED).',
  'T-6': 'It MUST refuse a version whose `model_digest` is not that of its model (VERSION_MISMATCH).',
  'T-7': 'It MUST refuse a version whose `cohort` is not its own (VERSION_MISMATCH).',
  'T-8': 'It MUST refuse a delta whose `parent_digest` differs from `delta.parent.digest` (VERSION_MISMATCH).',
  'T-9':
    'It MUST refuse a version with a lower number than the one that it holds (VERSION_ROLLBACK), unless T-12 makes way.',
  'T-10': 'It MUST refuse a version with the number of the one that it holds and another digest (VERSION_ROLLBACK).',
  'T-11':
    'After it has begun again from version 0 (W-8) it MUST NOT predict with a version below the newest that it ever took; such versions are only steps on the way. A device SHOULD remember the newest number, and the newest root (T-14), over a restart.',
  'T-12':
    "`rollback` makes way for the version beside it if it is signed for the signing role, has not expired (as T-5), names the device's model and cohort, `to_number` and `to_digest` are those of the version, and `from_number` is at least the number of the newest version that the device ever took. A device MUST take such a version. It MUST refuse a `rollback` that is not signed, expired, or of another model or cohort, and the older version beside one that does not make way for it.",
  'T-13':
    'Root metadata MUST have a version of at least 1, at most 16 distinct keys of 32 bytes in each role, at least one root key, and for each role a threshold from 1 to the number of its keys (1 for no keys). A root MUST be signed by its own root role.',
  'T-14':
    "A device follows `AnnounceResponse.roots`: those that are not newer than its own it passes over; version n + 1 it takes if it is signed for the root role of version n and for that of version n + 1. It MUST name the newest in its next `Announce` (A-11), and take versions by the newest root's signing keys.",
  'T-15':
    'It MUST NOT use an answer with a root that it can not follow (a gap, a wrong signature, contradictions): it begins again (C-9) and trusts the root that it trusted.',
  'T-16':
    'It MUST NOT take any version while its newest root has expired (now at or after `expires_at_ms`); an expired root on the way to a newer one does not matter.',
  'T-17':
    'A cloud that signs MUST fill in `model_digest`, `cohort`, `expires_at_ms` and `parent_digest` (of a delta `delta.parent.digest`), and MUST send versions that have not expired.',
  'T-18':
    'A device without a root MUST take the version in `signed_version.message` if there is no bare one, and ignore signatures.',
  'T-19':
    'A cloud that signs MUST send the newest version, signed anew, on every open stream before the one that it sent last has expired, to devices too that hold it (W-9). A device SHOULD tell its operator when what it holds has expired and nothing newer has come; it MUST go on predicting.',
  'T-20':
    'A device with a root MUST refuse a version whose number is more than 2^32 above the newest one that it ever took (T-11), unless it never took one. (At a version a second that is an absence of 136 years.)',
  'T-21':
    'When a device follows a root (T-14) under which the keys that signed the newest version it took are no longer enough (T-2), it MUST forget how far it has been, as if it had never taken a version, and begin again from version 0: a stolen key that has been replaced has no say in what is newest. It goes on predicting with what it has until a version of the new key is whole.',
  'T-22':
    'A device whose cloud has nothing that it may take (its newest version is below the newest that the device took, or one version after the other is refused) SHOULD tell its operator, once as long as that lasts, and what would end it.',
  'L-1':
    'A receiver MUST refuse messages above its limit (16 MiB unless configured) with MESSAGE_TOO_LARGE, or end the connection. No legal message needs more than that.',
  'L-2':
    'A cloud refuses more samples than it said (U-2), and samples of more than 2^26 elements, and images of more pixels than S-7 says.',
  'L-3': 'What inflates is bounded by what the receiver expects (D-6, D-19, S-3, S-7).',
  'L-4': 'A device MUST bound what waits to be checked.',
  'L-5':
    'A cloud MAY refuse more than 4 calls in flight, or 64 streams, on one connection with TOO_MANY_CALLS, or hold the HTTP/2 streams back. A call that it does answer MUST be answered rightly.',
  'L-6':
    'Exceeding a limit, or sending what does not parse, MUST be an error for that call only, or at most for its connection: other connections, and later ones of the same device, are served.',
  'L-7':
    'Bytes that are no protobuf message, a truncated message, and a broken gRPC frame MUST be refused: by the cloud with any status but 0, or the end of the connection; by the device as W-8 says.',
  'L-8': 'A peer MUST NOT crash, hang, or change what it holds because of what a peer sends.',
  'L-9':
    'A cloud MAY refuse a request that has not come in whole after 20 s with REQUEST_TIMEOUT, and one that comes while requests hold all the memory that it gives them with TOO_MANY_BYTES.',
  'L-10':
    'A cloud MAY refuse more connections than it takes, in all or of one address, with TOO_MANY_CONNECTIONS or by ending them, and more cohorts with TOO_MANY_COHORTS.',
  'L-11':
    'A cloud MAY end a connection whose first call that it lets in does not come within 10 s, that holds no call for 5 minutes, or that is a day old; and refuse headers above 16 KiB.',
  'E-1':
    'An error travels as a gRPC status. Its message MUST begin with a code of `A-Z` and `_`, a colon and a space: `REQUEST_INVALID: the session has 3 bytes; …`. What follows is for people.',
  'E-2':
    'A receiver takes the code from the message if it matches `^([A-Z]+(?:_[A-Z]+)*): `, else the one that the status stands for. An unknown code is handled by its status.',
  'E-3': 'Codes of this protocol travel under these statuses, which a cloud MUST use:',
  'E-4':
    'The statuses 14 UNAVAILABLE, 4 DEADLINE_EXCEEDED and 1 CANCELLED mean to a device that the cloud is away: it begins again (C-9).',
  'E-5': 'A device that is told MODEL_UNKNOWN MUST go on predicting and SHOULD go on asking.',
  'E-6':
    "A message MUST NOT tell what went on inside a peer (stack traces, paths): where the cause is the peer's own it is CLOUD_FAILED.",
};
