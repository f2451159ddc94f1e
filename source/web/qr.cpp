#include "web/qr.hpp"

#include <fmt/format.h>

#include <memory>
#include <qrencode.h>

namespace p2p {

std::string qr_svg(const std::string& text) {
    constexpr int any_version = 0;
    const std::unique_ptr<QRcode, void (*)(QRcode*)> code{
        QRcode_encodeString8bit(text.c_str(), any_version, QR_ECLEVEL_M), QRcode_free};
    if (!code) return {};
    constexpr int margin = 4;  // modules, as ISO/IEC 18004 wants it
    const int width = code->width;
    std::string dark;
    for (int y = 0; y < width; ++y)
        for (int x = 0; x < width; ++x)
            if ((code->data[y * width + x] & 1U) != 0)
                dark += fmt::format("M{} {}h1v1h-1z", x + margin, y + margin);
    return fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" shape-rendering="crispEdges">)"
        R"(<rect width="{0}" height="{0}" fill="#fff"/><path d="{1}" fill="#000"/></svg>)",
        width + 2 * margin, dark);
}

}  // namespace p2p
