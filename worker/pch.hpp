// Precompiled: torch's umbrella header costs half a minute per file without it.
#pragma once

#include <torch/torch.h>
