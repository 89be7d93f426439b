export { cutTexts } from "./cut_texts.ts";
export { type BpeProgress, type BpeTraining, trainBpe, type TrainBpeOptions } from "./train.ts";
