// Forced into every translation unit of core/ and protocol/: the domain never names a socket.
#pragma once
#pragma GCC poison asio
