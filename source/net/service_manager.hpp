// What a service manager (systemd, Type=notify) is told: that the program is ready, reloads, or stops.
#pragma once

namespace p2p {

/// "READY=1", "STOPPING=1" and so on, see sd_notify(3). Does nothing where no service manager asked for it.
void tell_service_manager(const char* state);

}  // namespace p2p
