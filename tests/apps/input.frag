#version 450
// What the subpass before drew, with its channels turned.
layout(input_attachment_index = 0, set = 0, binding = 0) uniform subpassInput before;
layout(location = 0) in vec3 shade;
layout(location = 0) out vec4 color;

void main() { color = vec4(subpassLoad(before).gbr, shade.r); }
