// A text as a QR code, for the camera of a phone.
#pragma once

#include <string>

namespace p2p {

/// As an SVG picture, black on white whatever is around it. Empty where the text is too long for one.
std::string qr_svg(const std::string& text);

}  // namespace p2p
