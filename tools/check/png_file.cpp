// PNG files, by libpng.
#include <png.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "replay/screenshots.h"
#include "tools/check/picture.h"

namespace reprise {
namespace {

struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string error;
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
};

void onError(png_structp png, png_const_charp message) {
  static_cast<Decoder*>(png_get_error_ptr(png))->error = message;
  png_longjmp(png, 1);
}
void onWarning(png_structp, png_const_charp) {}

// Nothing with a destructor lives in the two that libpng may jump out of.
bool readHeader(Decoder& decoder, std::FILE* file) {
  if (setjmp(png_jmpbuf(decoder.png))) return false;
  png_init_io(decoder.png, file);
  png_set_user_limits(decoder.png, kMaxSide, kMaxSide);
  png_read_info(decoder.png, decoder.info);
  png_set_expand(decoder.png);
  png_set_strip_alpha(decoder.png);
  png_set_gray_to_rgb(decoder.png);
  (void)png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  return true;
}

bool readRows(Decoder& decoder, uint8_t* bytes, size_t pitch, uint32_t height, std::vector<uint8_t*>& rows) {
  if (setjmp(png_jmpbuf(decoder.png))) return false;
  for (uint32_t y = 0; y < height; ++y) rows[y] = bytes + y * pitch;
  png_read_image(decoder.png, rows.data());
  png_read_end(decoder.png, nullptr);
  return true;
}

}  // namespace

Result<Raster> readPng(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return Status(Code::kUnreadable, "cannot read " + path + ": " + std::strerror(errno));
  Decoder decoder;
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, onError, onWarning);
  decoder.info = decoder.png ? png_create_info_struct(decoder.png) : nullptr;
  const auto broken = [&] {
    return Status(Code::kUnreadable, path + " is no PNG that can be read: " + decoder.error);
  };
  if (!decoder.info || !readHeader(decoder, file.get())) return broken();
  Raster raster;
  raster.width = png_get_image_width(decoder.png, decoder.info);
  raster.height = png_get_image_height(decoder.png, decoder.info);
  const bool deep = png_get_bit_depth(decoder.png, decoder.info) == 16;
  const size_t pitch = png_get_rowbytes(decoder.png, decoder.info);
  const size_t samples = size_t{raster.width} * 3;
  if (pitch != samples * (deep ? 2 : 1)) return broken();
  std::vector<uint8_t> bytes(pitch * raster.height);
  std::vector<uint8_t*> rows(raster.height);
  if (!readRows(decoder, bytes.data(), pitch, raster.height, rows)) return broken();
  raster.samples.resize(samples * raster.height);
  for (size_t i = 0; i < raster.samples.size(); ++i)
    raster.samples[i] = static_cast<uint16_t>(deep ? bytes[2 * i] << 8 | bytes[2 * i + 1] : bytes[i] * 257);
  return raster;
}

Status writePng8(const std::string& path, const Raster& raster) {
  std::vector<uint8_t> rows(raster.samples.size());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<uint8_t>(raster.samples[i] >> 8);
  return writePng(path, raster.width, raster.height, false, rows);
}

}  // namespace reprise
