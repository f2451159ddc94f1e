#include "net/asio.hpp"

#include <asio/impl/src.hpp>
