#include "InferenceC.h"
