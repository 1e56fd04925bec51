#version 450
// What a null descriptor gives: zeros, and writes that nobody sees.
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Nothing { uint words[]; } nothing;
layout(std430, set = 0, binding = 1) writeonly buffer Output { uint words[]; } result;
layout(set = 0, binding = 2) uniform sampler2D no_image;
layout(set = 0, binding = 3) uniform usamplerBuffer no_texels;
layout(push_constant) uniform Push { uint at; uint round; } push;

void main() {
  uint i = gl_GlobalInvocationID.x;
  uint zero = nothing.words[i] + uint(textureLod(no_image, vec2(0.5), 0).r) + texelFetch(no_texels, int(i)).r;
  nothing.words[i] = 5;
  result.words[push.at + i] = zero + i + push.round;
}
