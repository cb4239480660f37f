import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { test } from 'tap';
import { jsonObject, numbers, wholeNumber } from './arguments.js';
import { applySettings } from './settings.js';

async function configFile(content: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'renorm-config-')), 'renorm.json');
  await writeFile(file, content);
  return file;
}

/** What a command sees of its options. */
async function seen(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  let flags: Record<string, unknown> = {};
  const command = new Command('made')
    .requiredOption('--edge-model <file>', '')
    .option('--port <n>', '', wholeNumber(0, 65_535), 7443)
    .option('--mean <numbers>', '', numbers)
    .option('--limits <json>', '', jsonObject)
    .option('--signing <file...>', '')
    .addOption(new Option('--fit <how>').choices(['stretch', 'crop']))
    .option('--quick', '', false)
    .option('--config <file>', '')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .action((given: Record<string, unknown>) => {
      flags = given;
    });
  const top = new Command('top').addCommand(command);
  await applySettings(command, args, environment);
  await top.parseAsync(['made', ...args], { from: 'user' });
  return flags;
}

test('the command line goes before the environment, and that before the file', async (t) => {
  const file = await configFile('{"edgeModel": "file.onnx", "port": 1, "quick": true}');
  const all = ['--config', file];
  t.match(await seen(all), { edgeModel: 'file.onnx', port: 1, quick: true });
  t.match(await seen(all, { RENORM_PORT: '2' }), { edgeModel: 'file.onnx', port: 2 });
  t.match(await seen([...all, '--port', '3'], { RENORM_PORT: '2' }), { port: 3 });
  t.match(await seen([`--config=${file}`, '--port=3'], { RENORM_PORT: '2' }), { port: 3 });
  t.match(await seen([], { RENORM_CONFIG: file, RENORM_QUICK: 'false' }), { edgeModel: 'file.onnx', quick: false });
  t.match(await seen(['--edge-model', 'x']), { port: 7443, quick: false }, 'and defaults stay');
});

test('a file says lists and objects as JSON does, a variable as the command line', async (t) => {
  const file = await configFile(
    '{"edgeModel": "e", "mean": [0.5, 0.25], "limits": {"maxSamplesPerUpload": 8}, "signing": ["a", "b"]}',
  );
  const expected = { mean: [0.5, 0.25], limits: { maxSamplesPerUpload: 8 }, signing: ['a', 'b'] };
  t.match(await seen(['--config', file]), expected);
  const variables = {
    RENORM_MEAN: '0.5,0.25',
    RENORM_LIMITS: '{"maxSamplesPerUpload":8}',
    RENORM_SIGNING: 'a,b',
    RENORM_EDGE_MODEL: 'e',
  };
  t.match(await seen([], variables), expected);
  t.same((await seen(['--config', file, '--signing', 'c'])).signing, ['c'], 'a list is not added to');
});

test('names and values that are wrong are named, with where they stand', async (t) => {
  const refused = async (content: string, message: RegExp): Promise<unknown> =>
    t.rejects(seen(['--config', await configFile(content)]), { code: 'REQUEST_INVALID', message });
  await refused('{"edgeModle": "e"}', /renorm\.json: renorm made has no option edgeModle; did you mean edgeModel\?/);
  await refused('{"colour": 1}', /no option colour; there are edgeModel, port, /);
  await refused('{"port": "many"}', /port in .*renorm\.json: Give a whole number from 0 to 65535/);
  await refused('{"fit": "middle"}', /fit in .*: Allowed choices are stretch, crop/);
  await refused('{"quick": "perhaps"}', /quick in .*: it has to be true or false/);
  await refused('[]', /has to hold one JSON object/);
  await refused('{', /is not JSON/);
  await t.rejects(seen(['--config', '/nowhere.json']), { message: /--config \/nowhere\.json cannot be read \(ENOENT/ });
  await t.rejects(seen([], { RENORM_PORT: '-1' }), { message: /RENORM_PORT: Give a whole number/ });
});
