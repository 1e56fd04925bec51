#version 450
layout(local_size_x_id = 2) in;
layout(constant_id = 0) const uint kFactor = 3;
layout(constant_id = 1) const uint kOffset = 7;
layout(std430, set = 0, binding = 0) readonly buffer Input { uint words[]; } source;
layout(std430, set = 0, binding = 1) writeonly buffer Output { uint words[]; } result;
layout(push_constant) uniform Push { uint at; uint round; } push;

void main() {
  uint i = gl_GlobalInvocationID.x;
  result.words[push.at + i] = source.words[i] * kFactor + kOffset + push.round;
}
