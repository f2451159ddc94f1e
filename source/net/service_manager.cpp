#include "net/service_manager.hpp"

#ifdef P2P_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

namespace p2p {

void tell_service_manager([[maybe_unused]] const char* state) {
#ifdef P2P_SYSTEMD
    sd_notify(0, state);
#endif
}

}  // namespace p2p
