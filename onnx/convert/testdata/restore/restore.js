// node restore.js image.onnx photo.png restored.png
const fs = require('fs'), ort = require('onnxruntime-node'), { PNG } = require('pngjs');
const [model, from, to] = process.argv.slice(2);

async function main() {
  const session = await ort.InferenceSession.create(model);
  const photo = PNG.sync.read(fs.readFileSync(from)); // red, green, blue and alpha of 8 bits
  const { width, height } = photo, n = width * height;
  const planes = new Float32Array(3 * n);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < n; i++) planes[c * n + i] = photo.data[4 * i + c] / 255;
  }
  const image = new ort.Tensor('float32', planes, [1, 3, height, width]);
  const { restored } = await session.run({ image });
  const [, , h, w] = restored.dims;
  const result = new PNG({ width: w, height: h });
  for (let i = 0; i < h * w; i++) {
    for (let c = 0; c < 3; c++) result.data[4 * i + c] = Math.round(255 * restored.data[c * h * w + i]);
    result.data[4 * i + 3] = 255;
  }
  fs.writeFileSync(to, PNG.sync.write(result));
}

main().catch(error => { console.error(String(error)); process.exit(1); });
