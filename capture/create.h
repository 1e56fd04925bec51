// The four calls that build and take down the chain of layers.
//
// Each records the call as the program made it and hands the next layer what the program gave, but for the
// loader's own link nodes and the extensions that memory tracking rests on.
#pragma once

#include "capture/layer.h"

namespace reprise::capture {

void createInstance(CreateInstanceCall& call, Command called);
void destroyInstance(DestroyInstanceCall& call, Command called);
void createDevice(CreateDeviceCall& call, Command called);
void destroyDevice(DestroyDeviceCall& call, Command called);

}  // namespace reprise::capture
